"""Who hid the findings that no rule accounts for, as the history of Security Hub says.

AWS: the history goes back 90 days, one call answers for one finding, and Security Hub V2 has none. So only
some are asked about, and what is not known is counted.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.authorship import History, HistoryRecord
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.simulation.exceptions.register import stamp

Ask = Callable[[Key], History | CallFault]
"""Returns the history of a finding, or why it cannot be read."""
Example = Mapping[str, Any]

MOST_FAILURES = 3
"""After so many failures in a row no further finding is asked about."""


@dataclass
class HiddenBy:
    """Counts of hidden findings, by the ARN of who hid them, or by why that is not known.

    `no_record`: the history does not say who set the value that hides. `unread`: it could not be read, or
    that was given up; `fault` is the last reason. `not_asked`: all others.
    """

    principals: Counter[str] = field(default_factory=Counter)
    no_record: int = 0
    unread: int = 0
    not_asked: int = 0
    fault: CallFault | None = None

    @property
    def is_denied(self) -> bool:
        """Whether the history may not be read."""
        return self.fault is not None and self.fault.kind is Fault.DENIED

    def as_record(self) -> dict[str, Any]:
        """Return it ready for JSON, those who hid most first."""
        return {
            "principals": dict(self.principals.most_common()),
            "no_record": self.no_record,
            "unread": self.unread,
            "not_asked": self.not_asked,
        }


def hidden_by(
    examples: Sequence[tuple[Key, Example]], total: int, ask: Ask, watch: Callable[[int], None]
) -> tuple[list[Example], HiddenBy]:
    """Ask who hid some findings of a total; return them with `by` and `at`, and the counts for the total.

    `watch` gets how many have been asked about.
    """
    counts, failures = HiddenBy(), 0
    told: list[Example] = []
    for key, example in examples:
        is_given_up = counts.is_denied or failures >= MOST_FAILURES
        history = counts.fault if is_given_up else ask(key)
        if isinstance(history, History):
            failures = 0
            told.append(_counted(example, history, counts))
        else:
            failures, counts.fault = failures + 1, history
            counts.unread += 1
            told.append(_with(example, None))
        watch(len(told))
    counts.not_asked = total - sum(counts.principals.values()) - counts.no_record - counts.unread
    return told, counts


def _counted(example: Example, history: History, counts: HiddenBy) -> Example:
    record = hiding_record(history, example["hidden_by"])
    if record is None:
        counts.no_record += 1
    else:
        counts.principals[record.principal] += 1
    return _with(example, record)


def _with(example: Example, record: HistoryRecord | None) -> Example:
    by = None if record is None else record.principal
    at = None if record is None or not record.time else stamp(record.time)
    return {**example, "by": by, "at": at}


def hiding_record(history: History, hidden: Mapping[str, Any]) -> HistoryRecord | None:
    """Return the update that gave a finding its values that hide, by field; of several the last.

    None if the last change of a field gave it another value: the history lags, or the finding has changed.
    """
    last = [(history.last_record(name), name, value) for name, value in hidden.items()]
    found = [record for record, name, value in last if record is not None and record.value(name) == value]
    known = [record for record in found if record.principal]
    return max(known, key=lambda record: record.time, default=None)
