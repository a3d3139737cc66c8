"""How far a sweep is: a step goes on from here, and the report is made of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from hubtriage.aws.sweep.notices.tally import EndingTally
from hubtriage.aws.sweep.occasions.outset import Outset

Status = Literal[
    "more",
    "done",
    "continued",
    "withheld",
    "skipped",
    "dead letters",
    "superseded",
    "over budget",
    "waiting",
    "intake closed",
    "observe",
]
"""`more`: another step is needed, after `wait` seconds. All others are ends.

`continued`: another execution goes on with it. `withheld`: it came to its end, but there is more to hide.
`skipped`: it came to its end, but left out findings that could not be read, or that steps died of.
`dead letters`: all was to be taken back, and something waits in the dead-letter queue.
`waiting`: the rules changed so much that a person has to confirm the sweep; the outset says how much.
`observe`: all was to be taken back, and triage writes nothing.
"""
MOST_RULES = 500
"""Rules that are counted one by one. AWS: what a state machine hands on has 256 KiB at most."""
OTHER_RULES = "(other rules)"
CAREFUL_PAGES = 60
"""Pages that are taken one a step after a step that died: about as many as that step may have taken."""


class ProgressError(ValueError):
    """Something that is not the progress of a sweep."""


@dataclass(slots=True)
class Progress:
    """Where the sweep is, and what it did so far, in findings unless said otherwise.

    `outset` is what was found out before the first page; None before that. `scope` is an index into its
    scopes, `token` where the next page starts. `read` counts findings that were looked at, and `entries`
    those of the ledger that were passed. `concealed` are the entries whose finding triage hides, `gone` those
    whose finding is no longer there. Of the findings, `changed` get an update: `hidden` become hidden by it,
    `reopened` show again, and it takes something back on `taken_back`. `doubtful` are handed on because their
    state is not certain, `asked` to have it asked who hid them. `refused` cannot be changed. On `kept` a rule
    wants another value than a person has set. On `failed_rules` a rule could not be evaluated. `withheld`
    would become hidden, but are over the hide limit of the sweep. `by_rule` counts changed findings.
    `messages` were put into the queue. `restarts`: how often a page token was no longer good and the scope
    was begun again. `faults`: steps in a row that AWS cut short. `part`: the number of the execution among
    those of this sweep, `steps`: how many it took. `shut`: the intake was shut for it. `calm_since`: since
    when it waits for what was done before to show, with the queue empty at every look if all is taken back.
    `reserved`: how many findings the next step may count against the limit of the sweep; None where no step
    is taken twice. `uncertain`: findings that steps which died may have changed; they are counted as changed
    and hidden. `deaths`: steps in a row that died here. `careful`: pages still to be taken one a step.
    `skipped`: findings that were left out, with the reasons; `left_out` counts those from before it was
    resumed. `ahead`: what shows again when rules end, a tally for each scope. `counted_by` names the rules
    and days by which that is counted; empty once it was counted by several. `error`: what made the last step
    fail. `dead_letters`: messages in the dead-letter queue at the end of taking everything back. Times are
    epoch seconds.
    """

    status: Status = "more"
    wait: int = 0
    outset: Outset | None = None
    scope: int = 0
    token: str | None = None
    pages: int = 0
    read: int = 0
    entries: int = 0
    concealed: int = 0
    gone: int = 0
    changed: int = 0
    hidden: int = 0
    reopened: int = 0
    taken_back: int = 0
    doubtful: int = 0
    asked: int = 0
    refused: int = 0
    kept: int = 0
    failed_rules: int = 0
    withheld: int = 0
    messages: int = 0
    calls: int = 0
    restarts: int = 0
    faults: int = 0
    reserved: int | None = None
    uncertain: int = 0
    deaths: int = 0
    careful: int = 0
    skipped: list[str] = field(default_factory=list)
    left_out: int = 0
    ahead: list[EndingTally] = field(default_factory=list)
    counted_by: str = ""
    error: str = ""
    part: int = 1
    steps: int = 0
    shut: bool = False
    calm_since: float | None = None
    dead_letters: int = 0
    started: float | None = None
    ended: float | None = None
    by_rule: Counter[str] = field(default_factory=Counter)

    @classmethod
    def from_json(cls, document: object) -> "Progress":
        """Read what `as_json` wrote; raises ProgressError for anything else."""
        known = {item.name for item in fields(cls)}
        if not isinstance(document, Mapping) or not set(document) <= known:
            raise ProgressError(f"not the progress of a sweep: {document!r}")
        values = dict(document)
        try:
            values["outset"] = Outset.from_json(values["outset"]) if values.get("outset") else None
        except (TypeError, AttributeError) as error:
            raise ProgressError(f"not the outset of a sweep: {values['outset']!r}") from error
        try:
            values["ahead"] = [EndingTally.from_json(tally) for tally in values.get("ahead") or ()]
        except (TypeError, ValueError, LookupError) as error:
            raise ProgressError(f"not a tally of a sweep: {values['ahead']!r}") from error
        values["skipped"] = list(values.get("skipped") or ())
        return cls(**{**values, "by_rule": Counter(values.get("by_rule") or {})})

    def as_json(self) -> dict[str, Any]:
        """JSON-ready; all members."""
        outset = None if self.outset is None else self.outset.as_json()
        ahead = [tally.as_json() for tally in self.ahead]
        plain = asdict(replace(self, ahead=[]))
        return {**plain, "outset": outset, "ahead": ahead, "by_rule": dict(self.by_rule)}

    def tally(self) -> EndingTally:
        """Return the tally of the scope that is being read."""
        while len(self.ahead) <= self.scope:
            self.ahead.append(EndingTally())
        return self.ahead[self.scope]

    def counting_by(self, name: str) -> "Progress":
        """Return the progress with which a step counts ahead by rules and days of this name."""
        is_same = self.counted_by == name or self.pages == 0
        return replace(self, counted_by=name if is_same else "")

    def begin_scope_again(self) -> None:
        """Go back to the first page of the scope: all that it read is read again."""
        self.token = None
        if len(self.ahead) > self.scope:
            self.ahead[self.scope] = EndingTally()

    def count_rules(self, rules: Iterable[str]) -> None:
        """Count a changed finding for its rules; for those beyond `MOST_RULES` together."""
        for rule in rules:
            is_known = rule in self.by_rule or len(self.by_rule) < MOST_RULES
            self.by_rule[rule if is_known else OTHER_RULES] += 1

    def charged(self) -> "Progress":
        """Return the progress after a step whose end is not known: it may have used all that it might."""
        lost = self.reserved or 0
        return replace(
            self,
            changed=self.changed + lost,
            hidden=self.hidden + lost,
            uncertain=self.uncertain + lost,
            reserved=0,
        )

    def after_death(self) -> "Progress":
        """Return the progress from which to go on, page by page, after a step that died."""
        deaths = self.deaths + 1
        return replace(self.charged(), deaths=deaths, careful=CAREFUL_PAGES, wait=min(60, 2**deaths))

    def copy(self) -> "Progress":
        """Return a progress of its own, to be changed."""
        return Progress.from_json(self.as_json())

    @property
    def is_over(self) -> bool:
        """Whether no step is left to take."""
        return self.status != "more"
