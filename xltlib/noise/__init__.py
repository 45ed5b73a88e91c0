"""Noise for training: what is done to a sentence, or to its embeddings, that should not change the answer.

A *view* is a function ``(sentence, rng) -> sentence``: words left out, or exchanged for synonyms, for
translations from a word list, or for neighbours in the encoder's own embedding table. It makes the other side
of a cross-lingual batch (batching.viewed) or, as :class:`Seen`, a noise of its own.

A *noise* takes one training step: ``noise(loss, batch, backward)`` computes the loss, sends it backward and
returns its value. It is an argument of training.train. Every noise leaves the loss of a batch without labels
as it is.

- ``base``: the step without noise, two noises in one step
- ``words``: views, and noise by a view (no torch)
- ``lists``: files of translations and synonyms (no torch)
- ``embeddings``: adversarial and random perturbations of the input embeddings
- ``neighbours``: neighbours in the embedding table, mixup with them
- ``by_name``: all of these by their names in a notebook
"""

from xltlib.noise.base import WORD, Both, View, check_rate, plain
from xltlib.noise.by_name import BY_VIEW, NAMES, VIEWS, check, make, make_view
from xltlib.noise.embeddings import Adversarial, RandomPerturbation, at_embeddings
from xltlib.noise.lists import listed, read_dictionary, read_synonyms, wordnet
from xltlib.noise.neighbours import UNSPACED, Mixup, mixtures, neighbours, script
from xltlib.noise.words import Seen, Synonyms, code_switching, copies, dropping
