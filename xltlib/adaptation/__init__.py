"""Unsupervised adaptation: of the encoder before fine-tuning (``mlm``, ``tsdae``, ``align``), during it (during.py), of vectors after it (after.py)."""

METHODS = ("mlm", "tsdae", "align")
