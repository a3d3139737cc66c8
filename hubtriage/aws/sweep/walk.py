"""One step of a sweep: read pages, decide each finding, hand on those that need something.

A step ends when its time is over, when the queue is deep, when another sweep was started, or when there is
nothing left to read. Its cursor never runs ahead of what was handed on. A step that dies is taken again from
where it began; findings that come twice change nothing.

No limit is forgotten with a step that dies: it may count against the limit only what a step before has
reserved, and wrote down. If it dies, all of that counts as used.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.api import Finding, Key
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.namesakes import Owners, accounts_of
from hubtriage.aws.securityhub.reading import PAGE, SKIPPED, Fresh, Getter, keyed
from hubtriage.aws.sweep.bundles import LARGEST_BUNDLE, Bundles, json_size
from hubtriage.aws.sweep.destination import Destination
from hubtriage.aws.sweep.progress import Progress, Status
from hubtriage.aws.sweep.request import ACTIVE, BY_GENERATOR, MANAGED, SweepRequest
from hubtriage.aws.triage.deciding import rules_for
from hubtriage.aws.triage.events import SweepOrder
from hubtriage.engine.fields import MANAGED_KEY, RULES_KEY, user_fields
from hubtriage.engine.planning.batches import canonical
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import RuleError, Ruleset

MOST_RESTARTS = 3
MOST_FAULTS = 20
RESERVE = 500
"""Findings that are reserved at once: what a step that dies costs at most of the sweep's limit."""
SIZES = (PAGE, PAGE, 25, 5, 1)
"""Findings of a page, by how many steps have died in a row. After as many the next finding is left out."""
Interruption = Callable[[], Status | None]
"""Asked before each page; returns the status with which to end now, or None to go on."""


class SweepError(RuntimeError):
    """A step that cannot go on. What was done stays done; the message says what AWS said."""


class SweepDeniedError(SweepError):
    """The same, while IAM forbids it. AWS: a new permission takes a while to act."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a step behaves; times in seconds.

    `step`: its length. `queue_limit`: messages waiting in the queue at which it waits, `wait` long.
    `hold`: how long a finding may wait for others with the same update. Triage trusts an event for 30 s.
    `settle`: how long what was switched, and what was done before, may take to show everywhere. AWS: a rule
    that is disabled takes "a short time" to act, an update "several minutes" until GetFindings shows it.
    `quiet`: how long the queue has to have been empty before all that was sent counts as triaged. AWS: the
    number of messages in a queue is approximate, and up to a minute old.
    """

    step: float = 50.0
    queue_limit: int = 1000
    wait: int = 30
    hold: float = 15.0
    settle: float = 300.0
    quiet: float = 60.0


def never() -> Status | None:
    """Nothing interrupts."""
    return None


class Walk:
    """Takes the steps of one sweep; the rate of reading is the getter's.

    `may_hide`: the most findings it may hide, None for no limit. Beyond that it goes on with all that hides
    nothing, so that nothing stays hidden for it.
    """

    def __init__(
        self,
        request: SweepRequest,
        ruleset: Ruleset,
        settings: Settings,
        getter: Getter,
        destination: Destination,
        clock: Clock,
        pace: Pace,
        may_hide: int | None = None,
    ) -> None:
        self.ruleset = rules_for(SweepOrder("", request.take_back), ruleset)
        self.settings = settings
        self.request = request
        self.getter = getter
        self.destination = destination
        self.clock = clock
        self.pace = pace
        self.may_hide = may_hide
        self.owners = Owners()
        self._running: _WalkStep | None = None

    def step(self, progress: Progress, interruption: Interruption = never) -> Progress:
        """Go on from `progress` for at most one step's time, and say how far that came.

        Raises SweepError where AWS refuses to be read, DestinationError where the queue takes nothing.
        """
        self._running = _WalkStep(self, progress.copy(), self.clock.monotonic() + self.pace.step)
        return self._running.run(interruption)

    def left(self, progress: Progress) -> int | None:
        """Return how many findings the sweep may still change (with a budget) or hide; None: any number."""
        if self.request.budget is not None:
            return max(0, self.request.budget - progress.changed)
        return None if self.may_hide is None else max(0, self.may_hide - progress.hidden)

    def counts(self, decision: Decision) -> bool:
        """Return whether a decision counts against the limit."""
        return decision.update is not None if self.request.budget is not None else decision.hides

    def failed_step(self, before: Progress) -> Progress:
        """Return the progress after a step that raised: it is taken again, and what it counted stays."""
        if self._running is None:
            return before
        ran = self._running.progress
        return replace(
            before,
            changed=ran.changed,
            hidden=ran.hidden,
            reserved=ran.reserved,
            messages=ran.messages,
            calls=ran.calls,
        )

    def decide(self, finding: Finding, now: float) -> Decision:
        """Return what triage will decide on the finding as it was read.

        A bug of ours on one finding must not stop the sweep of all: triage logs it.
        """
        try:
            return decide(finding, self.ruleset, now, self.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must stay the finding's own
            failed = RuleError("", f"{type(error).__name__}: {error}")
            return Decision(str(finding.get("Id")), str(finding.get("ProductArn")), "none", errors=(failed,))


class _WalkStep:
    def __init__(self, walk: Walk, progress: Progress, until: float) -> None:
        self._walk = walk
        self.progress = progress
        self._until = until
        self._bundles = Bundles()
        self._depth = 0

    def run(self, interruption: Interruption) -> Progress:
        progress = self.progress
        progress.status, progress.wait = "more", 0
        if progress.started is None:
            progress.started = self._walk.clock.now()
        self._end_if_all_is_read()
        while progress.status == "more" and self._has_time():
            status = interruption()
            if status is not None:
                self._end(status)
            elif self._is_deep():
                progress.wait = self._walk.pace.wait
                break
            elif not self._read_page() or progress.careful:
                break
        self._flush()
        if progress.is_over:
            progress.ended = self._walk.clock.now()
        return progress

    def _has_time(self) -> bool:
        return self._walk.clock.monotonic() < self._until

    def _is_deep(self) -> bool:
        """Return whether the queue has enough. AWS's count is old, so messages of this step are added."""
        coming = self._depth + len(self._bundles)
        return self._walk.destination.depth() + coming >= self._walk.pace.queue_limit

    def _read_page(self) -> bool:
        """Read and decide one page; False when AWS cuts the step short."""
        walk, progress, fresh = self._walk, self.progress, Fresh()
        scope = walk.request.scopes[progress.scope]
        request: dict[str, Any] = {
            "Filters": walk.request.filters(scope, walk.settings.stack),
            "SortCriteria": BY_GENERATOR,
            "MaxResults": SIZES[min(progress.deaths, len(SIZES) - 1)],
        }
        if progress.token is not None:
            request["NextToken"] = progress.token
        asked_at = walk.clock.now()
        answer = walk.getter.get(request, self._until, fresh)
        progress.calls += fresh.calls
        if isinstance(answer, CallFault):
            return self._cut_short(answer)
        if progress.deaths >= len(SIZES):
            self._skip(answer["Findings"])
        elif not self._take(answer["Findings"], scope, asked_at):
            return False
        if SKIPPED in answer:
            progress.skipped.append(f"page {progress.pages + 1}: {answer[SKIPPED]}")
        progress.faults = progress.deaths = 0
        progress.error = ""
        progress.careful = max(0, progress.careful - 1)
        progress.pages += 1
        self._advance(answer.get("NextToken"))
        return True

    def _skip(self, findings: list[Any]) -> None:
        """Leave out a finding that several steps died of, so that the others are swept."""
        reason = f"{self.progress.deaths} steps died of it"
        self.progress.skipped += (f"{finding_id}: {reason}" for (_arn, finding_id), _ in keyed(findings))

    def _advance(self, token: str | None) -> None:
        progress = self.progress
        progress.token = token or None
        if progress.token is None:
            progress.scope += 1
            self._end_if_all_is_read()

    def _end_if_all_is_read(self) -> None:
        if self.progress.scope >= len(self._walk.request.scopes) and self.progress.status == "more":
            progress = self.progress
            self._end("skipped" if progress.skipped else "withheld" if progress.withheld else "done")

    def _cut_short(self, fault: CallFault) -> bool:
        """Try again later, unless nothing can come of it. AWS: a token may be refused, as when it is old."""
        progress = self.progress
        if fault.kind is Fault.REFUSED and progress.token is not None and progress.restarts < MOST_RESTARTS:
            progress.restarts += 1
            progress.token = None
            return True
        if fault.code == "Deadline":
            return False
        progress.faults += 1
        if fault.kind in (Fault.REFUSED, Fault.DENIED) or progress.faults > MOST_FAULTS:
            failure = SweepDeniedError if fault.kind is Fault.DENIED else SweepError
            raise failure(f"GetFindings: {fault.code}: {fault.message}")
        progress.wait = self._walk.pace.wait
        return False

    def _take(self, findings: list[Any], scope: str, now: float) -> bool:
        """Decide findings and hand them on. `now` is when they were asked for: what they show is no newer.

        Return False if more has to be reserved first: then the next step reads them again.
        """
        due = [(key, finding) for key, finding in keyed(findings) if not self._was_swept(finding, scope)]
        namesakes = self._namesakes(findings)
        decided = [(finding, self._walk.decide(finding, now)) for key, finding in due if key not in namesakes]
        concerned = [
            (finding, decision) for finding, decision in decided if self._concerns(decision, finding)
        ]
        if not self._reserves([decision for _finding, decision in concerned]):
            return False
        self.progress.read += len(due)
        for key, finding in due:
            if key in namesakes:
                self._refuse(key, finding, now, together=namesakes[key])
        for finding, decision in concerned:
            if decision.update is not None and self.progress.changed == self._walk.request.budget:
                self._end("over budget")
                return True
            if decision.hides and self._may_hide_no_more():
                self.progress.withheld += 1
                continue
            self._count(decision)
            self._hand_on(decision, finding, now)
        self._send(self._bundles.take(now - self._walk.pace.hold))
        return True

    def _reserves(self, decisions: list[Decision]) -> bool:
        """Return whether enough is reserved to hand these on; reserve it for the next step if not."""
        progress, left = self.progress, self._walk.left(self.progress)
        if left is None or progress.reserved is None:
            return True
        needed = min(left, sum(map(self._walk.counts, decisions)))
        if needed <= progress.reserved:
            return True
        # Where steps die, each of them costs what it reserved: no more than its page needs.
        progress.reserved = needed if progress.careful else min(left, max(needed, RESERVE))
        return False

    def _namesakes(self, findings: list[Any]) -> dict[Key, bool]:
        """Return the keys that several accounts have, and whether the page shows more than one of them."""
        page: dict[Key, list[Finding]] = {}
        for key, finding in keyed(findings):
            page.setdefault(key, []).append(finding)
        accounts = {key: accounts_of(some) for key, some in page.items()}
        return {
            key: len(some) > 1 for key, some in accounts.items() if len(self._walk.owners.note(key, some)) > 1
        }

    def _refuse(self, key: Key, finding: Finding, now: float, *, together: bool) -> None:
        """Refuse a finding whose key other accounts have too.

        Triage logs it if it sees both in one message; one alone would look to it like any other.
        """
        self.progress.refused += 1
        if together and json_size(finding) <= LARGEST_BUNDLE:
            self._send(self._bundles.add(f"namesakes {key}", finding, now))

    def _may_hide_no_more(self) -> bool:
        limit = self._walk.may_hide
        return limit is not None and self.progress.hidden >= limit

    def _was_swept(self, finding: Finding, scope: str) -> bool:
        """Say whether the finding was swept before: what we hold is, if the sweep has both scopes.

        GetFindings may still show its old state. It would be sent, and counted against budgets, once more.
        """
        managed = user_fields(finding).get(MANAGED_KEY) == self._walk.settings.stack
        return scope == ACTIVE and managed and MANAGED in self._walk.request.scopes

    def _concerns(self, decision: Decision, finding: Finding) -> bool:
        """Return whether one of the rules that are asked for has to do with it."""
        asked = set(self._walk.request.rules)
        if not asked:
            return True
        named = user_fields(finding).get(RULES_KEY)
        held = named.split(", ") if isinstance(named, str) else ()
        return not asked.isdisjoint({*decision.rules, *held, *(c.rule for c in decision.changes)})

    def _count(self, decision: Decision) -> None:
        progress = self.progress
        if progress.reserved is not None and self._walk.left(progress) is not None:
            progress.reserved -= self._walk.counts(decision)
        progress.changed += decision.update is not None
        progress.hidden += decision.hides
        progress.taken_back += decision.takes_back
        progress.refused += decision.refused is not None
        progress.kept += bool(decision.kept)
        progress.failed_rules += bool(decision.errors)
        progress.count_rules({change.rule for change in decision.changes if change.rule})

    def _hand_on(self, decision: Decision, finding: Finding, now: float) -> None:
        """Hand on findings with an update, and those that are refused or failed, so that triage logs them.

        Leave out a finding that no message can hold, such as one that consists of control characters.
        """
        if json_size(finding) > LARGEST_BUNDLE:
            self.progress.refused += decision.refused is None
        elif decision.update is not None:
            update = canonical(decision.update)
            self._send(self._bundles.add(update, finding, now, hides=decision.hides))
        elif decision.refused is not None or decision.errors:
            self._send(self._bundles.add("", finding, now))

    def _send(self, bundles: Any) -> None:
        ready = list(bundles)
        if ready:
            sent = self._walk.destination.send(ready)
            self._depth += sent
            self.progress.messages += sent

    def _flush(self) -> None:
        self._send(self._bundles.take())

    def _end(self, status: Status) -> None:
        self.progress.status = status
