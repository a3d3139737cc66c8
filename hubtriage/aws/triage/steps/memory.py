"""The ledger's part in a batch: recall what it knows, and write down what is intended, done, or not done.

An update is recorded as an intent before it is sent, and confirmed after. A worker may die at any step:
the next worker that sees the finding finds the intent, and settles it once its lease is over.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from hubtriage.aws.ledger.ledger import Ledger, LedgerFault
from hubtriage.aws.securityhub.api import Finding, Key
from hubtriage.aws.securityhub.namesakes import marked
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.results import CONFLICT, LEDGER_UNREADABLE, LEDGER_UNWRITTEN, Result
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.decision import Change
from hubtriage.engine.planning.entry import Entry, Stored, stored
from hubtriage.engine.ruleset.ruleset import gravest_severity

AFTERWARDS = 3.0
"""Seconds after the batch's deadline in which what was done is still written down."""
LONGEST = 100
"""Characters of a text about a finding that are kept: anyone may write it."""
CONFLICTING = Result(
    "failed", CONFLICT, "another container has changed the ledger's entry of the finding meanwhile"
)


class Memory:
    """Reads and writes the entries of a batch's cases. `deadline` is monotonic: no call starts later.

    `given_way` counts the news that an entry had no more room for.
    """

    def __init__(self, ledger: Ledger, deadline: float) -> None:
        self.given_way = 0
        self._ledger = ledger
        self._deadline = deadline

    def recall(self, cases: Iterable[Case]) -> dict[Case, Result]:
        """Read the entry of each case; return the results of those whose entry cannot be read."""
        by_key = {case.key: case for case in cases}
        recall = self._ledger.read(by_key.keys(), self._deadline)
        for key, entry in recall.entries.items():
            by_key[key].entry = entry
        return {by_key[key]: _failed(LEDGER_UNREADABLE, fault) for key, fault in recall.unread.items()}

    def record(self, cases: Iterable[Case], now: float) -> dict[Case, Result]:
        """Open the intent of each case's update; return the results of those that could not be recorded."""
        intending = {}
        for case in cases:
            decision = case.decision
            if decision is None:
                raise ValueError("there is no update to record")
            written, was = _values(decision.changes)
            entry = case.entry.intending(decision.after, written, was, now, decision.news)
            intending[case] = replace(entry, about=marked(about(case.shown), case.namesakes))
        failed = self._write(intending, self._deadline)
        for case, entry in intending.items():
            if case not in failed:
                case.intent, case.intended = entry.intent, case.decision
        return failed

    def confirm(self, cases: Iterable[Case], now: float) -> None:
        """Write down that the updates have happened. What cannot be written is settled later."""
        confirmed = {case: replace(case.entry, intent=case.intent).confirmed(now) for case in cases}
        self._close(confirmed)
        for case, entry in confirmed.items():
            case.entry, case.is_noted = replace(entry, version=case.entry.version), True

    def abandon(self, cases: Iterable[Case]) -> None:
        """Write down that the updates have surely not happened: old claims and times hold again."""
        self._close({case: case.entry for case in cases if case.intent is not None})

    def keep(self, cases: Iterable[Case]) -> dict[Case, Result]:
        """Write down what cases have to remember without an update; return the results of failures."""
        kept = {}
        for case in cases:
            decision = case.decision
            if decision is not None and (case.changes_memory or case.intent is not None):
                entry = case.entry.remembering(decision.after)
                kept[case] = replace(entry, about=about(case.shown))
        return self._close(kept)

    def settle(self, settled: Mapping[Case, Entry]) -> dict[Case, Result]:
        """Write down how old intents ended; return the results of those that could not be written."""
        return self._close(settled)

    def forget(self, told: Mapping[Case, Collection[int]]) -> None:
        """Take news out of entries that were announced, by their sequences; a failure does no harm."""
        self._write(
            {case: case.entry.having_told(sequences) for case, sequences in told.items()},
            self._deadline + AFTERWARDS,
        )

    def _close(self, entries: Mapping[Case, Entry]) -> dict[Case, Result]:
        """Write entries without an intent; those whose end is not known keep theirs."""
        failed = self._write(entries, self._deadline + AFTERWARDS)
        for case in entries:
            if case not in failed:
                case.intent, case.intended, case.is_noted = None, None, True
        return failed

    def _write(self, entries: Mapping[Case, Entry], deadline: float) -> dict[Case, Result]:
        """Write entries where the ledger holds their versions. Cases have these then, less intents."""
        if not entries:
            return {}
        by_key: dict[Key, Case] = {case.key: case for case in entries}
        written = self._ledger.write({case.key: entry for case, entry in entries.items()}, deadline)
        for key, version in written.versions.items():
            case = by_key[key]
            self.given_way += _given_way(case.entry, entries[case])
            case.entry = replace(entries[case], intent=None, version=version)
        conflicts = {by_key[key]: CONFLICTING for key in written.conflicts}
        failed = {by_key[key]: _failed(LEDGER_UNWRITTEN, fault) for key, fault in written.failed.items()}
        return conflicts | failed


def _given_way(before: Entry, after: Entry) -> int:
    """Return how many news are no longer in an entry for which others have come."""
    return 0 if after.told == before.told else len(before.news) + 1 - len(after.news)


def _failed(code: str, fault: LedgerFault) -> Result:
    return Result("failed", code, f"{fault.code}: {fault.message}")


def _values(changes: Iterable[Change]) -> tuple[dict[str, Stored], dict[str, Stored]]:
    """Return what an update writes, and what the finding has in its place."""
    listed = tuple(changes)
    written = {change.field: stored(change.new) for change in listed}
    return written, {change.field: stored(change.old) for change in listed}


def about(finding: Finding) -> dict[str, str]:
    """Return what people and reports want to know of a finding, as far as it says so."""
    compliance, types = finding.get("Compliance"), finding.get("Types")
    control = compliance.get("SecurityControlId") if isinstance(compliance, dict) else None
    first = types[0] if isinstance(types, list) and types else types
    named = {
        "account": finding.get("AwsAccountId"),
        "region": finding.get("Region"),
        "severity": gravest_severity(ParsedFinding(finding)),
        "control": control,
        "type": None if control else first,
    }
    return {name: value[:LONGEST] for name, value in named.items() if isinstance(value, str) and value}
