"""The parts of an experiment: what a run may have or not, each with its own options (base.py, kinds.py).

The modules here say what a part needs and reads; how it is computed stands in the modules below them
(batching, heads, noise, adaptation, prediction), which know nothing of parameters. None of them imports
torch before it is used: planning a study checks every option without it.
"""
