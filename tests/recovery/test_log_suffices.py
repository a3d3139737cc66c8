"""Whatever happens to triage, its log has what its ledger has: a table that is lost is the same again."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.recovery.log_reader import LogReader
from hubtriage.recovery.rebuilding import Rebuilding
from tests.aws.triage.test_settling import (
    DISTURBED,
    KINDS,
    MEANWHILE,
    PAUSES,
    after_a_while,
    handled,
    histories,
    settle,
)
from tests.recovery.test_log_lines import logged
from tests.recovery.test_rebuilding import GROUP, NOW, Logs, RolesItem
from tests.support.examples import examples
from tests.support.settling_world import FINDINGS, HOUR, Amid, Settling, key, live

LIVES = handled(st.builds(Amid, st.integers(0, 5), st.booleans(), MEANWHILE, st.just(False)))
"""A batch that something happens to, but whose container does not die before it has written its lines."""
ACTS = after_a_while(PAUSES, *(kind for kind in KINDS if kind is not DISTURBED), *5 * [LIVES])


def rebuilt(settling: Settling) -> MemoryLedger:
    """Return a ledger that is made from the log alone."""
    outcomes = [outcome for container in settling.containers for outcome in container.bench.told]
    logs = Logs([(NOW - HOUR, line) for line in logged(*outcomes)], page=100)
    table = MemoryLedger()
    rebuilding = Rebuilding(
        table, RolesItem(), LogReader(logs, GROUP, ManualClock(NOW)), "hubtriage", writes=True
    )
    assert rebuilding.run(NOW - 2 * HOUR, NOW, lambda _span, _done: None).is_whole
    return table


def remembered(entry: Entry) -> Entry:
    """Return what of an entry decides: the rest is for people, or a question that is asked again."""
    return replace(entry, version=0, about={}, asked={}, gone=None)


def entry_of(ledger: MemoryLedger, finding: Key) -> Entry:
    return remembered(ledger.read([finding]).entries.get(finding, NO_ENTRY))


@examples(150)
@given(histories(ACTS), st.integers(0, 1000))
def test_a_ledger_that_is_lost_at_rest_is_the_same_again(acts: list[tuple[Any, float]], seed: int) -> None:
    settling = live(acts, seed)
    settling.settle()
    anew = rebuilt(settling)
    for number in range(FINDINGS):
        assert entry_of(anew, key(number)) == entry_of(settling.world.ledger, key(number))


@examples(50)
@given(histories(ACTS), st.integers(0, 1000))
def test_a_ledger_that_is_lost_amid_work_settles_as_if_it_were_not(
    acts: list[tuple[Any, float]], seed: int
) -> None:
    settling = live(acts, seed)
    settling.world.ledger.items = rebuilt(settling).items
    settle(settling)
