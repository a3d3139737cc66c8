"""What became of the signals that both hubs have a finding of."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from hubtriage.localaws.demo.evidence import DemoEvidence


@dataclass(frozen=True, slots=True)
class SignalTally:
    """How many signals both hubs have, and where triage hid them.

    `in_both` = `hidden_in_both` + `hidden_in_cspm` + `hidden_in_v2` + `hidden_in_neither`. A finding that was
    hidden before triage is not counted as hidden.
    """

    in_both: int
    hidden_in_both: int
    hidden_in_cspm: int
    hidden_in_v2: int
    hidden_in_neither: int

    def as_summary(self) -> dict[str, int]:
        """Return the JSON-ready summary."""
        return asdict(self)


def tally_signals(cspm: DemoEvidence, v2: DemoEvidence) -> SignalTally:
    """Compare what triage did to the two findings of each signal."""
    hidden = [_newly_hidden(evidence) for evidence in (cspm, v2)]
    both = sorted(hidden[0].keys() & hidden[1].keys())
    pairs = [(hidden[0][signal], hidden[1][signal]) for signal in both]
    return SignalTally(
        in_both=len(pairs),
        hidden_in_both=pairs.count((True, True)),
        hidden_in_cspm=pairs.count((True, False)),
        hidden_in_v2=pairs.count((False, True)),
        hidden_in_neither=pairs.count((False, False)),
    )


def _newly_hidden(evidence: DemoEvidence) -> dict[tuple[str, str], bool]:
    """Say of each signal whether triage hid the hub's finding of it."""
    hub = evidence.hub
    return {
        hub.signal_of(finding): hub.is_hidden(finding) and not hub.is_hidden(evidence.before[key])
        for key, finding in evidence.after.items()
        if key in evidence.before
    }
