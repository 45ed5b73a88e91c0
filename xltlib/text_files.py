"""The one reader of text files: every file of pairs, sentences, translations or words comes through it.

Its rule: a file is UTF-8, and a byte-order mark at its start is dropped. A line ends in LF or CRLF and in
nothing else, so that line n is the same line for every program that counts line feeds. A carriage return
anywhere else is an error, since half of all programs end a line there and files that belong together line by
line would shift against each other; so is a NUL, which UTF-16 leaves. No other character parts lines or
columns: neither a no-break space nor Unicode's own line and paragraph separators, which stand in real text.
"""

from __future__ import annotations

from pathlib import Path

BYTE_ORDER_MARK = "\ufeff"
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ")  # gzip, zip and workbooks, bzip2, xz


class DataError(ValueError):
    """Something is wrong with a data file; the message names file and line, and what to do."""


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """A file's text, with LF at the end of each line.

    Args:
        encoding: of the file; a byte-order mark is dropped in any.
    Raises:
        DataError: no such file, one that cannot be read, bytes that are none of the encoding, a carriage
            return inside a line, a NUL, or what is no text of ours (a pointer of Git LFS, HTML, XML, a
            compressed file); names the file and the line.
    """
    try:
        if not path.is_file():
            raise DataError(f"{path}: no such file")
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if raw.startswith(PACKED):
        raise DataError(f"{path}: compressed, or a workbook; unpack it, or save it as plain text")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        advice = "save the file as UTF-8 (of pairs a task.yaml may name another encoding)"
        raise DataError(f"{path}, line {line}: not {encoding.upper()}; {advice}") from error
    text = text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")
    if text.startswith("version https://git-lfs"):
        raise DataError(f"{path}: a pointer of Git LFS, not the file itself; fetch it with git lfs pull")
    if text.lstrip().lower().startswith(("<!doctype", "<?xml", "<html")):
        raise DataError(f"{path}, line 1: a page of HTML or XML; wanted plain text")
    _refuse(text, "\r", path, "a carriage return inside it; lines must end in LF or CRLF alone")
    _refuse(text, "\0", path, "a NUL inside it; save the file as UTF-8")
    return text


def _refuse(text: str, character: str, path: Path, what: str) -> None:
    """Stop where a character stands in a text that must not."""
    place = text.find(character)
    if place >= 0:
        line = text.count("\n", 0, place) + 1
        raise DataError(f"{path}, line {line}: {what}")


def read_lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """The lines of a file, as they are; the newline that ends the file begins no line.

    Args:
        encoding: of the file.
    Raises:
        DataError: see :func:`read_text`; or the file holds JSON.
    """
    lines = read_text(path, encoding).split("\n")
    if lines[0].startswith('{"'):
        raise DataError(f"{path}, line 1: it holds JSON; wanted plain text")
    if lines[-1] == "":
        lines.pop()
    return lines


def read_sentences(path: Path) -> list[str]:
    """The lines of a file that holds a sentence or paragraph a line, without white space around them.

    Empty lines stay, for they count where two files belong together line by line.

    Raises:
        DataError: as above; a line with a tab, which is one of several columns; or no sentence at all.
    """
    lines = read_lines(path)
    for number, line in enumerate(lines, start=1):
        if "\t" in line:
            columns = line.count("\t") + 1
            wanted = "wanted a sentence a line (a tab in a text must be a blank)"
            raise DataError(f"{path}, line {number}: {columns} columns, {wanted}")
    lines = [line.strip() for line in lines]
    if not any(lines):
        raise DataError(f"{path}: no sentence in it")
    return lines
