"""The syntax of a matcher in a value that is compared as it is: wildcard, regular expression, network."""

import re
from dataclasses import dataclass
from functools import lru_cache

from hubtriage.asff.fields import AsffField, Keys, is_of_map, look_up
from hubtriage.authoring.checks.known_values import plain

REGEX = re.compile(r"^\^|(?<!\$)\$$|\.\*|\.\+|\\[.dws]|\[[^\]]*-[^\]]*\]|\([^)]*\|[^)]*\)|\(\?")
_SIMPLE_REGEX = re.compile(r"\^?(?:[A-Za-z0-9:/_@=+, -]|\\\.|\.\*|\.(?![*+?]))*\$?")
NETWORK = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}|[0-9a-fA-F:]*:[0-9a-fA-F:]*/[0-9]{1,3}")
LOG_GROUP = re.compile(r"arn:[a-z-]+:logs:[^*]*:\*")  # AWS: the ARN of a log group ends so

# Texts in which providers and people write what they like, stars among them.
_FREE = {"Title", "Description", "ProductFields", "UserDefinedFields", "Note", "SourceUrl", "Remediation"}
_FREE |= {"Process", "Malware", "Threats", "PatchSummary", "GeneratorDetails", "Detection", "Action"}
_FREE |= {"Network", "NetworkPath", "ThreatIntelIndicators"}


@dataclass(frozen=True, slots=True)
class Syntax:
    """What a value looks like: `kind` is "wildcard", "regular expression" or "network".

    `wildcard` says the same for `wildcard` in a pattern, empty where that cannot say it. `certain`: the field
    never has such a value.
    """

    kind: str
    wildcard: str
    certain: bool


@lru_cache(maxsize=65_536)
def syntax_of(keys: Keys, text: str) -> Syntax | None:
    """Return which matcher's syntax an exact value has, None if it has none or its field may well hold it."""
    field = look_up(keys)
    if not isinstance(field, AsffField) or field.kind != "text":
        return None
    name = plain(keys)
    if name[-1].startswith("IpAddress") and NETWORK.fullmatch(text):
        return Syntax("network", "", certain=True)
    free = is_free_text(keys)
    if REGEX.search(text):
        simple = _SIMPLE_REGEX.fullmatch(text) is not None
        return Syntax("regular expression", _as_wildcard(text) if simple else "", certain=not free)
    if "*" in text and not (free and text.strip("*") == "") and not LOG_GROUP.fullmatch(text):
        return Syntax("wildcard", text, certain=not free)
    return None


def is_free_text(keys: Keys) -> bool:
    """Say whether providers or people write what they like into a field."""
    name = plain(keys)
    if name[:2] == ("Resources", "Tags"):
        return False
    return name[0] in _FREE or name[:2] == ("Resources", "Details") or is_of_map(keys)


def _as_wildcard(text: str) -> str:
    """Return the wildcard that says the same as a simple regular expression."""
    open_start, open_end = not text.startswith("^"), not text.endswith("$")
    inner = text.removeprefix("^").removesuffix("$").replace("\\.", "\0").replace(".*", "*")
    inner = inner.replace("\0", ".")
    return re.sub(r"\*+", "*", f"{'*' * open_start}{inner}{'*' * open_end}")
