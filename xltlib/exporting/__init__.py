"""Trained models on their way out: folders that sentence-transformers loads, without this package.

``kept`` finds what a run has left, ``rebuilt`` puts it together in memory, ``modules`` and ``classifier``
write it, ``loaded`` reads it back without the rest of the package, ``agreement`` compares the two, and
``card`` describes it. The command is ``python -m xltlib.export``.
"""
