"""Decide on the findings of a batch: by which rules, under which mode, and what is not a decision."""

from dataclasses import dataclass, replace

from hubtriage.aws.securityhub.api import Finding
from hubtriage.aws.securityhub.namesakes import refusal
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.events import SweepOrder
from hubtriage.aws.triage.results import Result
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import NOTHING, LeftOut, Settings, decide, reopen
from hubtriage.engine.ruleset.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class Decider:
    """Decides at one time, `now` (epoch seconds). Without `may_hide` nothing new is hidden."""

    ruleset: Ruleset
    settings: Settings
    now: float
    may_hide: bool

    def decide(self, case: Case, *, left_out: LeftOut = NOTHING) -> Result | None:
        """Decide on a case in the state that is shown; return the result of one that cannot be decided."""
        if case.namesakes:
            verdict = self._reopening(case)
        else:
            verdict = self.verdict(case, case.shown, left_out=left_out)
        case.decision = None if isinstance(verdict, Result) else verdict
        return verdict if isinstance(verdict, Result) else None

    def verdict(self, case: Case, shown: Finding, *, left_out: LeftOut = NOTHING) -> Decision | Result:
        """Return what is decided on a case in another state."""
        may_hide = self.may_hide and not case.may_not_hide
        settings = self.settings if may_hide else replace(self.settings, may_hide=False)
        rules = rules_for(case.seen.newest.order, self.ruleset)
        hand_back = case.seen.hand_back
        try:
            return decide(
                shown,
                case.entry,
                rules,
                self.now,
                settings,
                authors=case.authors,
                left_out=left_out,
                handed_back=None if hand_back is None else hand_back.time,
            )
        except RecursionError:  # no path of a rule is so deep: the finding was made so on purpose
            reason = "the finding is nested deeper than can be followed"
            return Result("failed", "TooDeep", reason, final=True)
        except Exception as error:  # noqa: BLE001 - our bug on one finding must not take the batch with it
            return Result("failed", "EngineError", str(error), final=True, error=error)

    def _reopening(self, case: Case) -> Decision | Result:
        """Return the decision that reopens what triage has hidden, for a key that several accounts have.

        An update goes where the one before went, as far as anyone can tell. So each event that shows what
        triage set is looked at, whatever finding it is of.
        """
        for shown in (case.seen.newest.finding, *case.seen.others):
            try:
                decision = reopen(shown, case.entry, self.ruleset, self.now, self.settings)
            except Exception as error:  # noqa: BLE001 - as above
                return Result("failed", "EngineError", str(error), final=True, error=error)
            if decision is not None:
                return decision
        return has_namesakes(case)


def has_namesakes(case: Case) -> Result:
    """Return the result of a finding whose key other accounts have too."""
    return Result("refused", "Namesakes", refusal(case.namesakes))


def rules_for(order: SweepOrder | None, ruleset: Ruleset) -> Ruleset:
    """Return the rules for planning a finding: the stack's, unless a sweep orders that all is taken back.

    Without rules everything is taken back, which never hides anything.
    """
    return ruleset.without_rules() if order is not None and order.take_back else ruleset
