"""What a backtest counts in each hub, and in signals: a signal that both hubs show counts once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hubtriage.simulation.backtest.effects import RULE_EFFECTS, Effect
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.signals import HUBS, SignalCounts

_OF_FINDINGS = ("changed", "hidden", "taken_back", "kept")


@dataclass(frozen=True, slots=True)
class HubCounts:
    """Counts of a backtest whose input has findings of Security Hub V2."""

    counts: SignalCounts[Effect]

    @classmethod
    def of(cls, tally: Tally) -> "HubCounts | None":
        """Return the counts; None if there are findings of one hub alone, CSPM."""
        return cls(tally.signals.counts()) if tally.signals.has_v2 else None

    def totals(self) -> dict[str, Any]:
        """Return what happens to findings of each hub, and to signals, ready for JSON.

        `in_doubt`: signals of Macie in one hub alone; two of them may be one.
        """
        counts = self.counts
        signals = {"signals": counts.total, "in_both": counts.in_both, "in_doubt": counts.in_doubt}
        return {
            "findings": {
                hub: {"findings": counts.read[hub], **self._findings(hub, None, _OF_FINDINGS)} for hub in HUBS
            },
            "signals": signals | self._signals(None, _OF_FINDINGS),
        }

    def of_rule(self, rule: str) -> dict[str, Any]:
        """Return what a rule does to findings of each hub, and to signals, ready for JSON."""
        return {
            "hubs": {hub: self._findings(hub, rule, RULE_EFFECTS) for hub in HUBS},
            "signals": self._signals(rule, RULE_EFFECTS),
        }

    def _findings(self, hub: str, rule: str | None, effects: Iterable[str]) -> dict[str, int]:
        return {what: self.counts.findings[hub, Effect(what, rule)] for what in effects}

    def _signals(self, rule: str | None, effects: Iterable[str]) -> dict[str, int]:
        return {what: self.counts.signals[Effect(what, rule)] for what in effects}
