"""A backtest as one self-contained page: it loads nothing, and nothing in a finding can become markup.

What comes from findings stands in one JSON block, in which no character can end it. The script puts it on
the page as text only. The page's own policy lets no other script or style run, and nothing be fetched.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

from hubtriage.engine.json_values import finite
from hubtriage.simulation.backtest.examples import examples_of
from hubtriage.simulation.backtest.report import Record
from hubtriage.simulation.backtest.tally import Tally

_PAGE = files("hubtriage.simulation.backtest") / "page"
# What could end the block, or start a comment in it, is written as JSON writes any character.
_ESCAPED = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_MOST_EXAMPLES = 1_500
_LEAST, _MOST = 2, 25


def examples_each(rules: int) -> int:
    """Return how many examples to keep for each thing that a rule does, so that the page stays small."""
    return max(_LEAST, min(_MOST, _MOST_EXAMPLES // max(1, rules)))


def page(report: Record, tally: Tally) -> str:
    """Return the page of a report."""
    return _filled({"report": report, "examples": examples_of(tally), "each": tally.task.examples})


def _filled(data: Mapping[str, Any]) -> str:
    style, script = _text("page.css"), _text("page.js")
    policy = (
        f"default-src 'none'; style-src '{_source_hash(style)}'; script-src '{_source_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(_text("page.html")).substitute(
        policy=policy, style=style, script=script, data=embedded(data)
    )


def embedded(data: Any) -> str:
    """Return JSON that can stand in a script element: ASCII only, without `<`, `>` and `&`."""
    return json.dumps(finite(data), separators=(",", ":")).translate(_ESCAPED)


def _source_hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _text(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
