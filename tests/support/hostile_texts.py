"""Texts of findings that try to be more than text, and what a reader of a ticket sees of them."""

from typing import Any

import pytest

LONG = "a" * 50_000

HOSTILE: list[Any] = [
    pytest.param("{code}[x|https://evil.example] h1. *b* _i_ [~accountid:5] @admin !image.png!", id="wiki"),
    pytest.param("**b** [x](https://evil.example) `c` # h\\n- l", id="markdown"),
    pytest.param("<script>alert(1)</script> <a href='x'>y</a> &lt;", id="HTML"),
    pytest.param("[code]<img src=x onerror=alert(1)>[/code] [ CODE ]<b>[/Code]", id="HTML in ServiceNow"),
    pytest.param("[co[code]de]<b>x</b>[/co[/code]de]", id="HTML in ServiceNow, nested"),
    pytest.param('{"type":"mention","attrs":{"id":"5"}}', id="a node of Jira in a text"),
    pytest.param('=HYPERLINK("https://evil.example","x")', id="a formula"),
    pytest.param("+1+1", id="another formula"),
    pytest.param('" OR project = "HR', id="a query of Jira"),
    pytest.param("a^ORDERBYnumber^NQstate=1", id="a query of ServiceNow"),
    pytest.param("a\nb\r\nc\x00d\x1be\x85f\u2028g", id="line breaks and controls"),
    pytest.param("a\u202eb\u2066c\u200fd\u200be", id="what deceives the eye"),
    pytest.param("a\ud800b\udfffc", id="halves of pairs"),
    pytest.param("\U0001f512" * 300, id="beyond the first plane"),
    pytest.param('\\"' * 2_000, id="what JSON escapes"),
    pytest.param("", id="nothing"),
    pytest.param(" \t ", id="white space"),
    pytest.param(LONG, id="too long"),
]


def seen(text: str) -> str:
    """Return what a reader sees of a text: what does not show is replaced."""
    shown = "".join(" " if letter in "\n\r\t\x85\u2028" else letter for letter in text)
    return "".join("\ufffd" if _deceives(letter) else letter for letter in shown)


def _deceives(letter: str) -> bool:
    return letter < " " or letter in "\u202e\u2066\u200f\u200b" or "\ud800" <= letter <= "\udfff"
