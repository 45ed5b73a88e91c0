"""xltlib: domain adaptation and zero-shot cross-lingual transfer, measured per language.

Modules, from data to figures: languages, tasks, encoders, heads, batching, adaptation, training,
prediction, records, statistics, figures. Importing the package imports none of them and no torch.
"""

__version__ = "0.1.0"
