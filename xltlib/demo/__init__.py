"""The corpus that ships with the package: PAWS-like pairs in fifteen languages, written by a grammar.

No native speaker has reviewed the sentences. What is measured on them is about transfer of word order and
roles in short templated sentences, not about PAWS-X. See corpus.py.
"""

from xltlib.demo.corpus import parallel, rows, text
from xltlib.demo.syntax import trees

__all__ = ["parallel", "rows", "text", "trees"]
