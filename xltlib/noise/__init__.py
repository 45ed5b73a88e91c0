"""Noise for training: what is done to a sentence, or to its embeddings, that should not change the answer.

A *view* is a function ``(sentence, rng) -> sentence``: words left out, or exchanged for synonyms, for
translations from a word list, or for neighbours in the encoder's own embedding table. It makes the other side
of a cross-lingual batch (batching.viewed) or, as :class:`WordNoise`, a noise of its own.

A *noise* takes one training step: ``noise(loss, batch, backward)`` computes the loss, sends it backward and
returns its value. It is an argument of training.train. Every noise leaves a batch without labels as it
is. While noise of the embeddings is on, what a penalty reads is seen through it, too; words are not.

- ``base``: the step without noise, two noises in one step
- ``words``: views, and noise by a view (no torch)
- ``lists``: files of translations and synonyms (no torch)
- ``embeddings``: adversarial and random perturbations of the input embeddings
- ``neighbours``: neighbours in the embedding table, mixup with them
"""
