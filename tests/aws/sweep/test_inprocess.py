"""A sweep in this process keeps to the limits of a deployed one."""

import pytest

from hubtriage.aws.sweep.inprocess import LocalServices, LocalSweep
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.switch.mode import ModeUnreadableError
from hubtriage.aws.switch.parameters import ParameterError
from hubtriage.engine.planning.plan import Settings
from tests.support.sweep_world import rules, suppress
from tests.support.triage_world import ROLE, TriageWorld, finding

RULES = rules(suppress("rule-p", "policy"))


def ignore(_progress: object) -> None:
    """Watch nothing, keep nothing."""


def services(world: TriageWorld) -> LocalServices:
    return LocalServices(world.api, world.ledger, lambda: ROLE)


def swept(
    world: TriageWorld, mode: str = "enforce", limit: int | None = None, budget: int | None = None
) -> Progress:
    sweep = LocalSweep(
        services(world), RULES, Settings(), world.clock, hide_limit=limit, read_mode=lambda: mode
    )
    progress, failed = sweep.run(SweepRequest(budget=budget), ignore, ignore)
    assert failed == 0
    return progress


def test_it_hides_no_more_than_its_limit() -> None:
    world = TriageWorld(150)
    progress = swept(world, limit=120)
    assert (progress.status, progress.hidden, progress.withheld) == ("withheld", 120, 30)
    assert len(world.suppressed(range(150))) == 120


def test_beyond_its_limit_it_goes_on_to_reopen() -> None:
    world = TriageWorld(20)
    swept(world)
    world.clock.sleep(600)
    for number in range(20, 30):
        world.hub.plant({**finding(number), "GeneratorId": "other"}, world.clock.now())
    others = rules(suppress("rule-q", "other"))
    sweep = LocalSweep(services(world), others, Settings(), world.clock, hide_limit=0)
    progress, failed = sweep.run(SweepRequest(), ignore, ignore)
    assert (progress.taken_back, progress.hidden, progress.withheld, failed) == (20, 0, 10, 0)
    assert world.suppressed(range(30)) == []


def test_a_budget_counts_instead_of_the_limit() -> None:
    world = TriageWorld(150)
    assert swept(world, limit=0, budget=150).status == "done"
    assert len(world.suppressed(range(150))) == 150


def test_nothing_is_written_while_the_stack_is_in_observe() -> None:
    world = TriageWorld(20)
    assert swept(world, mode="observe").changed == 20
    assert world.calls("BatchUpdateFindings") == 0


def test_a_mode_that_cannot_be_read_is_not_guessed() -> None:
    def denied() -> str:
        raise ParameterError("AccessDenied")

    world = TriageWorld(20)
    sweep = LocalSweep(services(world), RULES, Settings(), world.clock, read_mode=denied)
    with pytest.raises(ModeUnreadableError):
        sweep.run(SweepRequest(), ignore, ignore)
    assert world.calls("BatchUpdateFindings") == 0


def test_it_knows_what_the_stack_holds_and_takes_it_back() -> None:
    world = TriageWorld(150)
    swept(world)
    world.clock.sleep(600)
    assert len(world.ledger.items) == 150
    sweep = LocalSweep(services(world), rules(), Settings(), world.clock)
    progress, failed = sweep.run(SweepRequest(), ignore, ignore)
    assert (progress.taken_back, progress.hidden, failed) == (150, 0, 0)
    assert world.suppressed(range(150)) == []


def test_a_dry_run_writes_nothing_into_the_ledger() -> None:
    world = TriageWorld(3)
    swept(world)
    world.clock.sleep(600)
    before = dict(world.ledger.items)
    progress = LocalSweep(services(world), rules(), Settings(), world.clock).dry_run(SweepRequest(), ignore)
    assert (progress.taken_back, progress.changed) == (3, 3)
    assert world.ledger.items == before
