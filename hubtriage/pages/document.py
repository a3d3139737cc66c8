"""One self-contained HTML file: it loads nothing, and nothing in its data can become markup.

The data stands in one JSON block, in which no character can end it. Scripts put it on the page as text only,
and the policy forbids whatever parses markup. It lets no other script or style run, and nothing be fetched.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from hubtriage.engine.json_values import finite

_KIT = files("hubtriage.pages") / "kit"
# What could end the block, or start a comment in it, is written as JSON writes any character.
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


@dataclass(frozen=True, slots=True)
class Design:
    """What a page has of its own in addition to the kit: title, body (HTML), style (CSS) and script.

    The script runs after the kit's, and finds it as `kit`. All four are ours: they are put in unescaped.
    """

    title: str
    body: str
    style: str
    script: str


def design(title: str, folder: Traversable) -> Design:
    """Read a design from a folder with `page.html`, `page.css` and `page.js`."""
    body, style, script = (_text(folder, f"page.{kind}") for kind in ("html", "css", "js"))
    return Design(title, body, style, script)


def document(page: Design, data: Any) -> str:
    """Return the HTML file of a page with JSON-ready data, which the script finds as `kit.data`."""
    style = _text(_KIT, "kit.css") + page.style
    script = _text(_KIT, "kit.js") + page.script
    return Template(_text(_KIT, "frame.html")).substitute(
        policy=_policy(style, script),
        title=page.title,
        style=style,
        body=page.body,
        data=embedded(data),
        script=script,
    )


def embedded(data: Any) -> str:
    """Return JSON that can stand in a script element: ASCII only, without `<`, `>` and `&`."""
    return json.dumps(finite(data), separators=(",", ":")).translate(_ESCAPED)


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_source_hash(style)}'; script-src '{_source_hash(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _source_hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _text(folder: Traversable, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")
