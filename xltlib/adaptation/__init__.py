"""Unsupervised adaptation: of the encoder, of the model during fine-tuning, of vectors after it.

The encoder is adapted before fine-tuning by ``mlm``, ``tsdae`` or ``align``; ``during`` adds a penalty to the
labelled loss; ``after`` changes sentence vectors alone.
"""
