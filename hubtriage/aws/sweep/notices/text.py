"""A notice in plain English, as it is sent by e-mail. Pure.

All that rules say is data: it is cut, and kept on one line.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from unicodedata import category

from hubtriage.aws.sweep.notices.due import LONGEST_TEXT, Notice

LONGEST_SUBJECT = 100
"""AWS: the subject of a message is ASCII, without line breaks, and shorter."""
NO_OWNER = "(none)"


def subject(notice: Notice) -> str:
    """Return the subject: how many findings show again, and when."""
    return f"{_findings(notice)} {_end(notice)}"[:LONGEST_SUBJECT]


def body(notice: Notice) -> str:
    """Return the text of a notice."""
    return "\n\n".join("\n".join(part) for part in (_facts(notice), _numbers(notice), _choices(notice)))


def one_line(text: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text of a rule without control characters and line breaks, cut to so many characters."""
    plain = "".join(" " if category(letter)[0] == "C" else letter for letter in str(text))
    plain = " ".join(plain.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def _findings(notice: Notice) -> str:
    count = notice["findings"]
    if not count and (notice["uncounted"] or notice["not_known"]):
        return "An unknown number of findings reopens"
    least = "At least " if notice["uncounted"] or notice["left_out"] else ""
    return f"{least}{count:,} {'finding reopens' if count == 1 else 'findings reopen'}"


def _end(notice: Notice) -> str:
    """A rule that ends with a day is in force until the end of that day."""
    expires = str(notice["expires"] or "")
    moment = datetime.fromisoformat(notice["ends"])
    if len(expires) == len("2027-03-31"):
        return f"after {expires}"
    return f"on {moment:%Y-%m-%d} at {moment:%H:%M} UTC"


def _facts(notice: Notice) -> Iterator[str]:
    days = "1 day is" if notice["days_left"] == 1 else f"{notice['days_left']} days are"
    yield f"The exception {notice['rule']} ends {_end(notice)}: {days} left."
    for name in ("description", "ticket", "owner"):
        if notice[name]:
            yield f"{name.capitalize()}: {one_line(notice[name])}"


def _numbers(notice: Notice) -> Iterator[str]:
    yield f"{_findings(notice)} then."
    if notice["by_severity"]:
        yield "By severity: " + ", ".join(f"{name} {n:,}" for name, n in notice["by_severity"].items()) + "."
    if notice["findings"]:
        least = "at least " if notice["more_accounts"] else ""
        yield f"Accounts: {least}{notice['accounts']:,}."
    yield from _doubts(notice)
    if notice["mode"] == "observe":
        yield "The stack is in observe and changes nothing: findings reopen only once it is in enforce."


def _doubts(notice: Notice) -> Iterator[str]:
    if "other_owners" in notice:
        yield "This is for several owners together: more of them are concerned than are counted apart."
    if unknown := notice["not_known"]:
        yield f"For {unknown:,} more it is not known whether they reopen: their state is not certain."
    if notice["uncounted"]:
        yield "So many exceptions end that not all findings were counted. `hubtriage exceptions` counts them."
    if left_out := notice["left_out"]:
        what = "1 finding" if left_out == 1 else f"{left_out:,} findings"
        yield f"The sweep left out {what} or more: the numbers may be too low."


def _choices(notice: Notice) -> Iterable[str]:
    ticket = one_line(notice["ticket"] or "TICKET", 60)
    safe = ticket if all(letter.isalnum() or letter in "-_.#/" for letter in ticket) else "TICKET"
    return (
        "If the exception is to end, there is nothing to do.",
        f"If it is to go on: hubtriage renew {notice['rule']} --until DATE --ticket {safe}",
        "Then commit the change, have it approved, and deploy the rules.",
        f"Counted by the sweep {notice['sweep']}, rules of revision {notice['revision'] or '(not known)'}.",
    )
