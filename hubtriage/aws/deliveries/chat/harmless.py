"""Make a text of a finding, a rule or a service fit to be shown: visible, on one line, never a link. Pure.

Chat programs and mail readers turn whatever looks like an address into a link. An attacker may choose what a
finding says, so addresses are shown as security people write them: `https[:]//example[.]com`.
"""

import re

from hubtriage.aws.decision_events.texts import event_text

_SCHEME = re.compile(r":(?=//)|(?i:(?<=\bmailto)|(?<=\btel)|(?<=\bsms)|(?<=\bcallto)|(?<=\bjavascript)):")
_DOT = re.compile(r"(?<=[^\s.])[.\u3002\uff0e\uff61](?=[^\W\d_][^\W_])")  # others stand for a dot in names
_CONSOLE = re.compile(
    r"https://([a-z0-9-]+\.)?console\.(aws\.amazon\.com|amazonaws\.cn|amazonaws-us-gov\.com|aws\.eu)"
    r"/[A-Za-z0-9%/?#=&._~:-]*"
)


def harmless(text: object, longest: int) -> str:
    """Return a text as one visible line of at most so many characters in which nothing looks like a link."""
    line = " ".join(event_text(str(text), 4 * longest).split())
    safe = _DOT.sub(lambda dot: f"[{dot[0]}]", _SCHEME.sub("[:]", line))
    return safe if len(safe) <= longest else f"{safe[: longest - 1]}…"


def console_link(url: object) -> str | None:
    """Return a link that is one of AWS's console and holds nothing that could end it early; else None."""
    usable = isinstance(url, str) and len(url) <= 2048 and _CONSOLE.fullmatch(url) is not None
    return str(url) if usable else None
