"""A decision: what to send for one finding, and why.

`Decision.as_record` is its one JSON shape. The decision log, `plan --json` and `explain --json` share it, and
the text that people read is made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hubtriage.engine.fields import HIDING_STATUSES, LABEL_RANK, SEVERITY, WORKFLOW, Value
from hubtriage.engine.ocsf.update import NOT_IN_V2
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.news import Delivered, News
from hubtriage.engine.ruleset.policy import Forbidden
from hubtriage.engine.ruleset.ruleset import RuleError

NOTE_DOES_NOT_FIT = "the finding has no room for the note"

Why = Literal["rule", "taken back", "follows provider"]
Cause = Literal[
    "deleted or off",
    "not started",
    "expired",
    "outside its window",
    "in observe",
    "above its ceiling",
    "above every ceiling",
    "behind a terminal rule",
    "no longer matches",
    "against the policy",
    "no longer sets it",
    "all is taken back",
    "several accounts have its key",
    "handed back",
    "not known on Security Hub V2",
]


@dataclass(frozen=True, slots=True)
class Change:
    """A field that gets another value; `rule` decided it, or had set what is now taken back.

    `cause` says what happened to the rule whose work is taken back.
    """

    field: str
    old: Value
    new: Value
    rule: str | None
    why: Why
    cause: Cause | None = None

    @property
    def reopens(self) -> bool:
        """Whether it shows more of a finding: the finding is no longer closed, or its severity rises."""
        if self.field == WORKFLOW:
            return self.old in HIDING_STATUSES and self.new not in HIDING_STATUSES
        if self.field != SEVERITY or self.old is None:
            return False
        return LABEL_RANK[self.new] > LABEL_RANK[self.old]

    def as_record(self) -> dict[str, Any]:
        """Return the JSON shape; `cause` is there only if something is taken back."""
        record = {
            "field": self.field,
            "from": _plain(self.old),
            "to": _plain(self.new),
            "rule": self.rule,
            "why": self.why,
        }
        return record | {"cause": self.cause} if self.cause else record


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that stays as it is although triage wants another value, and why."""

    field: str
    value: Value
    wanted: Value
    rule: str | None
    why: str

    def as_record(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return {
            "field": self.field,
            "value": _plain(self.value),
            "wanted": _plain(self.wanted),
            "rule": self.rule,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Observed:
    """What a rule in `observe` would set; `old` is the field's value after the update."""

    field: str
    old: Value
    new: Value
    rule: str

    def as_record(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return {"field": self.field, "from": _plain(self.old), "to": _plain(self.new), "rule": self.rule}


def _forbidden_record(forbidden: Forbidden) -> dict[str, Any]:
    return {
        "field": forbidden.field,
        "wanted": _plain(forbidden.wanted),
        "rule": forbidden.rule,
        "statement": forbidden.statement,
    }


@dataclass(frozen=True, slots=True)
class V2Decision:
    """What a decision about a finding of Security Hub V2 comes to there.

    `uid` is the finding's metadata.uid; `update` has BatchUpdateFindingsV2's values, or is None.
    """

    uid: str
    update: Mapping[str, Any] | None

    def as_record(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return {"metadata_uid": self.uid, "update": self.update}


@dataclass(frozen=True, slots=True)
class Decision:
    """What triage decides about one finding.

    `update` is the BatchUpdateFindings payload without FindingIdentifiers, or None. `refused` says
    why a wanted change cannot be made (then `update` is None). `overruled` names the fields that
    a person or tool changed after triage had set them, `handed_back` those that people hold no longer because
    one of them handed the finding back. `after` is the entry once the update has happened; if there is no
    update and it differs from the entry, the ledger alone is written.

    The finding's history has to be asked about the fields in `questions` before this is acted upon; it has no
    record of those in `unrecorded`. About `optional_questions` it is asked if the budget allows: that heals
    what a lost entry would hide. `outdated`: the history shows that the finding is from before our last
    write. `owners` has who answers for the finding, by rule, where that depends on its account; None where
    it is not known. `on_v2` is there for findings of Security Hub V2. `against_policy` is what rules want
    that the house policy forbids.

    Where decisions are announced, `news` are what there is to announce once this has happened, as
    `after` has them. `would_deliver` is what rules in `observe` would deliver.
    """

    finding_id: str
    product_arn: str
    update: Mapping[str, Any] | None = None
    rules: tuple[str, ...] = ()
    above_ceiling: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    kept: tuple[Kept, ...] = ()
    observed: tuple[Observed, ...] = ()
    errors: tuple[RuleError, ...] = ()
    overruled: tuple[str, ...] = ()
    handed_back: tuple[str, ...] = ()
    refused: str | None = None
    hides: bool = False
    after: Entry = NO_ENTRY
    questions: tuple[str, ...] = ()
    optional_questions: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    outdated: bool = False
    owners: Mapping[str, str | None] = field(default_factory=dict)
    on_v2: V2Decision | None = None
    against_policy: tuple[Forbidden, ...] = ()
    news: News | None = None
    would_deliver: tuple[Delivered, ...] = ()

    @property
    def takes_back(self) -> bool:
        """Whether something that triage did is undone."""
        return any(change.why == "taken back" for change in self.changes)

    @property
    def reopens(self) -> bool:
        """Whether the finding is no longer closed, or its severity rises. Such updates are sent first."""
        return any(change.reopens for change in self.changes)

    @property
    def note_left_out(self) -> bool:
        """Whether a note is left out because the finding would be too large with it."""
        return any(kept.why == NOTE_DOES_NOT_FIT for kept in self.kept)

    @property
    def is_worth_a_line(self) -> bool:
        """Whether the log has a line: changed, refused, kept, observed, overruled, failed or forbidden.

        What Security Hub V2 cannot set would come again with every event, and lint says it beforehand.
        """
        return bool(
            self.update
            or self.refused
            or any(kept.why != NOT_IN_V2 for kept in self.kept)
            or self.observed
            or self.errors
            or self.overruled
            or self.handed_back
            or self.against_policy
            or self.news
            or self.would_deliver
        )

    def as_record(self) -> dict[str, Any]:
        """Return the one JSON shape of a decision; its members are named as in the decision log.

        `handed_back` is there only if people have handed something back, `owners` if a rule that applied
        leaves its owner to the account directory. `v2` is there for findings of V2, `against_policy` if the
        house policy forbids something. `would_deliver` says what would be delivered if this happened, and all
        rules were in force.
        """
        record: dict[str, Any] = {
            "finding_id": self.finding_id,
            "product_arn": self.product_arn,
            "rules": list(self.rules),
            "changes": [change.as_record() for change in self.changes],
            "kept": [kept.as_record() for kept in self.kept],
            "observed": [observed.as_record() for observed in self.observed],
            "errors": [{"rule": error.rule, "message": error.message} for error in self.errors],
            "above_ceiling": list(self.above_ceiling),
            "overruled": list(self.overruled),
            "refused": self.refused,
            "update": self.update,
        }
        if self.handed_back:
            record["handed_back"] = list(self.handed_back)
        if self.owners:
            record["owners"] = dict(self.owners)
        if self.against_policy:
            record["against_policy"] = [_forbidden_record(one) for one in self.against_policy]
        if deliver := (*(self.news.deliver if self.news else ()), *self.would_deliver):
            record["would_deliver"] = [each.as_record() for each in deliver]
        return record | ({"v2": self.on_v2.as_record()} if self.on_v2 else {})


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value
