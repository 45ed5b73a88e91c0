"""Unsupervised adaptation of an encoder: before fine-tuning (``mlm``, ``align``)."""

METHODS = ("mlm", "align")
