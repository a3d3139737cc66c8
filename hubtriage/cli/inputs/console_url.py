"""The Id of a finding in the URL of a Security Hub console: people copy that out of their browser.

The console filters by fields in the fragment, and encodes their values twice:
`…/securityhub/home?region=eu-central-1#/findings?search=Id%3D%255Coperator%255C%253AEQUALS%255C%253Aarn…`.
"""

import re
from urllib.parse import unquote

import click

_IS_CONSOLE = re.compile(r"https?://[^/?#]*/securityhub", re.IGNORECASE)
_FILTER = re.compile(r"(?:^|[=?&])Id=((?:\\|%5C)operator[^\s&]+)")
"""The filter for an Id. As long as its value is encoded, a `&` ends it, and none is part of it."""
_VALUE = re.compile(r"\\operator\\:[A-Z_]+\\:(.+)")
_ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[^\s?#&\"'<>\\]+")
_ENCODINGS = 2
_MOST = 8192
"""Characters of a URL that are looked at; browsers and servers take no longer ones either."""


def id_in(text: str) -> str:
    """Return the finding's Id in a URL of the console; any other text as it is.

    The Id is that of the filter `Id`, else the first ARN. It may be encoded twice, once or not at all; it is
    decoded no further than that, since an Id may hold a `%` itself.
    """
    if not _IS_CONSOLE.match(text):
        return text
    decoded = text[:_MOST]
    for _time in range(_ENCODINGS + 1):
        if (found := _FILTER.search(decoded)) and (value := _VALUE.fullmatch(_plain(found[1]))):
            return value[1]
        if found := _ARN.search(decoded):
            return found[0]
        decoded = unquote(decoded)
    return text


def _plain(value: str) -> str:
    return unquote(value) if value.startswith("%") else value


def id_callback(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Return what an option or argument names, with the Id in place of a URL."""
    return None if value is None else id_in(value)
