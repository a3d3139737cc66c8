"""All findings of a backtest as its page lists them: a few texts of each, and what happens to it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from hubtriage.pages.columns import Coded, Record, TextTable, Values
from hubtriage.simulation.backtest.effects import effects_of, rule_named
from hubtriage.simulation.backtest.facts import FindingFacts, cut
from hubtriage.simulation.backtest.outcome import FindingOutcome, Transition, key_text

MOST_LISTED = 100_000
"""Findings that a page lists."""
LARGEST = 20_000_000
"""Bytes that the list takes, about. The rest of the page grows with rules and accounts, not with findings."""

_COLUMNS = (
    "key",
    "id",
    "title",
    "account",
    "product",
    "control",
    "region",
    "severity",
    "workflow",
    "resource",
    "more_resources",
    "hub",
)
_DIVIDED = ("id", "resource")


class Part(NamedTuple):
    """One thing that happens to a finding.

    `what` is an effect with its rule. It may also be `set`, `would set` or `left`, for fields that change,
    would change under a rule in observe, or stay. `error` and `reason` are why a finding is refused or
    undecidable.
    """

    what: str
    rule: str | None = None
    field: str | None = None
    old: str | int | None = None
    new: str | int | None = None
    why: str | None = None


class Listing:
    """The findings that fit on a page; those to which something happens go before those left unchanged.

    `most` is how many it takes at most, and `largest` about how many bytes they may take on the page.
    """

    def __init__(self, most: int, largest: int = LARGEST) -> None:
        self._most = most
        self._largest = largest
        self._parts: Values[Part] = Values()
        self._stories: Coded[tuple[int, ...]] = Coded()
        self._touched = TextTable(_COLUMNS, _DIVIDED)
        self._unchanged = TextTable(_COLUMNS, _DIVIDED)
        self._sizes_unchanged = [0]  # of no row, of the first row, of the first two, …
        self._seen = Counter[str]()

    def add(self, outcome: FindingOutcome, facts: FindingFacts) -> None:
        """List a finding if it fits."""
        parts = tuple(dict.fromkeys(_parts(outcome)))
        kind = "unchanged" if parts == (Part("unchanged"),) else "touched"
        self._seen[kind] += 1
        if kind == "touched" and self._fits(self._touched, self._size_touched):
            self._stories.add(tuple(map(self._parts.number, parts)))
            self._touched.add(_row(outcome, facts))
        elif kind == "unchanged" and self._fits(self._unchanged, self._sizes_unchanged[-1]):
            self._unchanged.add(_row(outcome, facts))
            self._sizes_unchanged.append(self._unchanged.size)

    def as_record(self) -> Record:
        """Return the list as JSON-ready data.

        `tables` are the findings to which something happens, then unchanged ones as far as they fit.
        `stories` has a row for each of the former: the numbers of the `parts` that happen to it.
        """
        touched = len(self._touched)
        room = bisect_right(self._sizes_unchanged, self._largest - self._size_touched) - 1
        unchanged = max(0, min(len(self._unchanged), self._most - touched, room))
        return {
            "left_out": {
                "touched": self._seen["touched"] - touched,
                "unchanged": self._seen["unchanged"] - unchanged,
            },
            "parts": self._parts.first(),
            "stories": self._stories.as_record(touched),
            "tables": [self._touched.as_record(touched), self._unchanged.as_record(unchanged)],
        }

    @property
    def _size_touched(self) -> int:
        return self._parts.size + self._stories.size + self._touched.size

    def _fits(self, table: TextTable, size: int) -> bool:
        return len(table) < self._most and size < self._largest


def _row(outcome: FindingOutcome, facts: FindingFacts) -> tuple[str, ...]:
    return (
        key_text(outcome.key),
        facts.id,
        facts.title,
        cut(outcome.account) or "none",
        cut(outcome.product),
        facts.control,
        facts.region,
        outcome.severity,
        facts.workflow,
        facts.resources[0] if facts.resources else "",
        "\n".join(facts.resources[1:]),
        outcome.seen.hub,
    )


def _parts(outcome: FindingOutcome) -> Iterator[Part]:
    yield from (Part(effect.what, effect.rule) for effect in sorted(effects_of(outcome), key=str))
    for moved in outcome.changes:
        yield _moved("set", moved.transition, rule_named(moved.rule, moved.why), moved.why)
    for transition, rule in outcome.observed:
        yield _moved("would set", transition, rule)
    for left in outcome.kept:
        yield Part("left", left.rule, left.field, why=left.why)
    for rule, message in outcome.errors:
        yield Part("error", rule, why=cut(message))
    if outcome.refused or outcome.undecidable:
        yield Part("reason", why=cut(outcome.refused or outcome.undecidable))


def _moved(what: str, transition: Transition, rule: str, why: str | None = None) -> Part:
    return Part(what, rule, transition.field, cut(transition.old), cut(transition.new), why)
