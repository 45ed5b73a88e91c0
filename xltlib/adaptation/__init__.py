"""Unsupervised adaptation: of the encoder, of the model during fine-tuning, of vectors after it.

- before fine-tuning: ``mlm``, ``tsdae``, ``align``, ``syntax`` (dependency trees); ``lora`` trains low-rank
  updates instead of the layers; ``training`` is what they have in common: a model, its batches, its loss
- during fine-tuning: ``during`` adds a penalty to the labelled loss; its parts are in ``domain`` (DANN,
  CORAL, MMD), ``consistency`` and ``syntax``
- after fine-tuning: ``after`` changes sentence vectors alone
"""
