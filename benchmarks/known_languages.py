"""What an encoder knows of a language as it is, before any adaptation: translations found, pieces a word.

    XLTLIB_DATA=... python benchmarks/known_languages.py --out benchmarks/known_languages.csv

Translations are looked for among development sentences of XNLI (its premises, each once) beside the English
ones, and among news and other text beside its pivot (NTREX: English, AmericasNLP: Spanish). Found is a
sentence whose translation is the nearest of all by cosine, in per cent, mean of both directions; of as many
sentences as can be had, 200 at most, so that one in n is found by chance. No test sentence is read. *On the
list* means that the language is in the text that the encoder was pretrained on, as its makers say
(xltlib/encoder_languages.csv).

The group of a language follows: ``text``, if it is on the list; else ``translations``, if half of its
translations are found or more; else ``unknown``. Perplexity is not measured: the encoder has no masked-word
head of its own.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from xltlib import encoders, heads, languages, levels, tasks
from xltlib.adaptation.align import retrieval_accuracy
from xltlib.encoders.pieces import measured

TASK, CORPUS = "xnli-lowres", "ntrex americasnlp"
CODES = (
    "de hi sw ur eu my hau xho orm amh yor ibo zul kin lin lug sna sot twi ewe wol "
    "quy gn aym nah shp cni bzd hch oto tar"
).split()
SENTENCES = 200  # translations looked for, at most
ENOUGH = 50.0  # per cent found: the encoder knows the language from translations


def of_development(code: str, folder: Path) -> list[tuple[str, str]]:
    """Premises in English and in a language; none where the task has no development pairs in it."""
    if code not in tasks.find(TASK).languages("dev", folder):
        return []
    sentences = tasks.parallel_sentences(tasks.load_pairs(TASK, "dev", ["en", code], folder), SENTENCES)
    return list(zip(sentences["en"], sentences[code]))


def of_text(code: str, folder: Path) -> list[tuple[str, str]]:
    """Translations of text, each side once; none where no corpus has the language."""
    if not any(tasks.has_translations(corpus, code, folder) for corpus in tasks.several(CORPUS)):
        return []
    pairs = pd.DataFrame(tasks.load_parallel(CORPUS, code, folder)).drop_duplicates(0).drop_duplicates(1)
    return list(pairs.head(SENTENCES).itertuples(index=False, name=None))


def group(code: str, encoder: str, found: float) -> str:
    """What the encoder knows the language from."""
    if levels.seen_by(encoder).has(code):
        return "text"
    return "translations" if found >= ENOUGH else "unknown"


def row(code: str, name: str, encoder, model, folder: Path) -> dict:
    """What is known of one language."""
    pairs = {"development": of_development(code, folder), "text": of_text(code, folder)}
    found = {kind: 100 * retrieval_accuracy(model, of) if of else None for kind, of in pairs.items()}
    own = [other for _, other in pairs["development"] or pairs["text"]]
    encoder.pieces.learn(own)
    counted = measured(encoder.pieces, own)
    judged = found["development"] if pairs["development"] else found["text"]
    return {
        "language": code,
        "name": languages.row(code).name,
        "on the list": levels.seen_by(name).has(code),
        "found, development": found["development"],
        "n, development": len(pairs["development"]),
        "found, text": found["text"],
        "n, text": len(pairs["text"]),
        "pivot": tasks.pivot(CORPUS, code, folder) if pairs["text"] else "",
        "pieces a word": counted["pieces_per_word"],
        "unknown pieces, per cent": 100 * counted["unknown"],
        "group": group(code, name, judged),
    }


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="offline", help="hub id, folder, or offline")
    parser.add_argument("--out", type=Path, help="also write the table as CSV")
    args = parser.parse_args()
    if levels.seen_by(args.encoder) is None:
        raise SystemExit(f"{args.encoder}: no list of the languages of its pretraining text")
    encoder = encoders.load(args.encoder)
    model = heads.build("bi", encoder).eval()
    folder = tasks.data_folder("")
    rows = [row(code, args.encoder, encoder, model, folder) for code in tqdm(CODES, "languages")]
    table = pd.DataFrame(rows).round(1)
    print(table.to_string(index=False))
    if args.out:
        table.to_csv(args.out, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
