"""Bring the sentences of a parallel treebank into one mixed order, alike in all languages.

    python tools/mixed_treebank.py DOWNLOADED/ud-pud DATA/ud-pud

PUD has news first and Wikipedia after, and an adaptation reads the first so many sentences: a small dose
would be of news alone, a large one of both. Here sentences stand in the order of the SHA-256 of their
``sent_id``, which has nothing to do with what they say, and is the same in every language and on every
machine.
"""

from __future__ import annotations

import hashlib
import re
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

SENTENCE = re.compile(r"^# sent_id = (.+)$", re.MULTILINE)


def mixed(text: str) -> str:
    """The sentences of a CoNLL-U file in mixed order.

    Raises:
        ValueError: a sentence has no ``sent_id``, or one that another has.

    Example:
        >>> mixed("# sent_id = n1\\n\\n# sent_id = n2\\n\\n# sent_id = n3\\n\\n").split()[3::4]
        ['n2', 'n1', 'n3']
    """
    blocks = {}
    for block in re.split(r"\n\s*\n", text.strip("\n")):
        found = SENTENCE.findall(block)
        if len(found) != 1 or found[0].strip() in blocks:
            raise ValueError(f"a sentence without a sent_id of its own: {block[:80]!r}")
        blocks[found[0].strip()] = block
    order = sorted(blocks, key=_rank)
    return "\n\n".join(blocks[name] for name in order) + "\n\n"


def _rank(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("treebank", type=Path, help="folder with a file <code>.conllu a language")
    parser.add_argument("to", type=Path, help="folder that is written; not the same")
    args = parser.parse_args()
    files = sorted(args.treebank.glob("*.conllu"))
    if not files or args.to.resolve() == args.treebank.resolve():
        parser.error(f"{args.treebank}: no *.conllu there, or {args.to} is the same folder")
    done = {}
    for path in files:  # all are read before any is written
        try:
            done[path.name] = mixed(path.read_text(encoding="utf-8"))
        except ValueError as error:
            parser.error(f"{path}: {error}")
    args.to.mkdir(parents=True, exist_ok=True)
    for name, text in done.items():
        (args.to / name).write_text(text, encoding="utf-8")
    print(f"{len(done)} languages in {args.to}")


if __name__ == "__main__":
    main()
