"""Text on its way into Markdown: names and sentences from studies and data are shown, never read as markup.

Every page and notebook that shows Markdown lets such text through here. HTML is Markdown, too: a folder
called ``<img src=x onerror=...>`` would otherwise be live where its name is shown.
"""

from __future__ import annotations

import html
import re
from urllib.parse import quote

BREAKS = r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+"
# What begins markup inside a line: no underscore inside a word, and no bracket without a target behind it.
MARKS = re.compile(r"[\\`*|~$]|(?<!\w)_|_(?!\w)|\](?=[(\[:])|:(?=//)")


def escaped(text: object) -> str:
    """Text as Markdown that shows just this text, on one line, in a table, too.

    Marks become entities, which no dialect of Markdown reads as markup. Most names have none and stay as they
    are.

    Example:
        >>> escaped("mlm-wikipedia"), escaped("+1.3 [−0.0, +2.7]")
        ('mlm-wikipedia', '+1.3 [−0.0, +2.7]')
        >>> escaped("<b>a|b")
        '&lt;b&gt;a&#124;b'
    """
    line = html.escape(re.sub(BREAKS, " ", str(text)), quote=False)
    return MARKS.sub(_entity, line)


def _entity(mark: re.Match) -> str:
    return f"&#{ord(mark[0])};"


def code(name: object) -> str:
    """A name in the type of code; one that has marks of its own as plain text.

    Example:
        >>> code("mlm"), code("a`b")
        ('`mlm`', 'a&#96;b')
    """
    shown = escaped(name)
    return f"`{shown}`" if shown == str(name) else shown


def prose(text: str) -> str:
    """Sentences of a study, in which names may stand between backticks; all else is text.

    Example:
        >>> prose("as in `demo`, <b>once</b>")
        'as in `demo`, &lt;b&gt;once&lt;/b&gt;'
    """
    parts = re.split("`([^`]+)`", text)  # every other one stood between backticks
    return "".join(code(part) if number % 2 else escaped(part) for number, part in enumerate(parts))


def linked(path: str, folder: str) -> str:
    """A link to a file, which is called by its path.

    Args:
        path: in the folder.
        folder: seen from where the link will stand.

    Example:
        >>> linked("paws-x/effect.png", "../figures"), linked("a b/(c).png", "..")
        ('[paws-x/effect.png](../figures/paws-x/effect.png)', '[a b/(c).png](../a%20b/%28c%29.png)')
    """
    return f"[{escaped(path)}]({quote(f'{folder}/{path}')})"


def plain(text: str) -> str:
    """Escaped sentences as they are read, for a console.

    Example:
        >>> plain("**Detected gain:** with " + escaped("<a|b>"))
        'Detected gain: with <a|b>'
    """
    return html.unescape(text.replace("**", ""))
