"""One finding on its way through a batch: what is known of it, what was decided, how it ended."""

from dataclasses import dataclass, field, replace

from hubtriage.aws.securityhub.api import Finding, Key
from hubtriage.aws.securityhub.reading import FoundFindings
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.results import Result
from hubtriage.aws.triage.staleness import CURRENT, Dating, Snapshot
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry, Intent, LastChange


@dataclass(slots=True, eq=False)
class Case:
    """A finding of the batch. Times are epoch seconds.

    `entry` is the ledger's, `intent` the one that this batch has opened there, `intended` the decision that
    it is for. `dated` is the verdict on the event. `authors` are answers of the finding's history. `found`
    holds the finding as it was read again; `read_at` and `have_read_at` are when that began and ended.
    `namesakes` are the accounts that have a finding under the key, if there are several.
    `refused` says why the service did not take an update with more than what reopens the finding.
    `is_unknown`: an update of this batch may have worked, although no answer says so. `is_noted`: this batch
    has written the entry, other than by opening an intent.
    """

    seen: DeduplicatedFinding
    entry: Entry = NO_ENTRY
    intent: Intent | None = None
    intended: Decision | None = None
    dated: Dating = CURRENT
    authors: dict[str, LastChange | None] = field(default_factory=dict)
    found: FoundFindings | None = None
    read_at: float | None = None
    have_read_at: float | None = None
    decision: Decision | None = None
    result: Result | None = None
    may_not_hide: bool = False
    is_over_limit: bool = False
    namesakes: tuple[str, ...] = ()
    refused: str = ""
    is_unknown: bool = False
    is_noted: bool = False

    @property
    def key(self) -> Key:
        """What names the finding."""
        return self.seen.newest.key

    @property
    def receives(self) -> int:
        """How often the newest event has been delivered."""
        return self.seen.newest.message.receives

    @property
    def shown(self) -> Finding:
        """The finding in the state that decides: the event's, or that of a later reading."""
        return self.seen.newest.finding if self.found is None else self.found[self.key]

    @property
    def event(self) -> Snapshot:
        """The finding as its newest event shows it. A page of a sweep is a reading."""
        newest = self.seen.newest
        finding = ParsedFinding(newest.finding)
        if self.seen.hand_back is not None:
            return Snapshot(finding, "hand-back", newest.event_at)
        return Snapshot(finding, "event" if newest.order is None else "reading", newest.event_at)

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.result is None

    @property
    def is_due(self) -> bool:
        """Whether an update of it is still to be sent."""
        return self.result is None and self.decision is not None and self.decision.update is not None

    @property
    def is_announced(self) -> bool:
        """Whether a sweep has counted the finding among those that it may hide."""
        order = self.seen.newest.order
        return order is not None and order.hides

    @property
    def remembered(self) -> Entry | None:
        """What the ledger holds from now on; None if this batch has not changed it.

        An update that may have worked leaves its intent there.
        """
        if self.is_unknown and self.intent is not None:
            return replace(self.entry, intent=self.intent)
        return self.entry if self.is_noted else None

    @property
    def changes_memory(self) -> bool:
        """Whether the ledger has to be written although no update is sent."""
        return self.decision is not None and self.decision.after.remembers_more_than(self.entry)
