"""A lost ledger, made anew from the log: the newest line of each finding counts, nothing newer is lost."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import pytest

from hubtriage.aws.deliveries.chat.memory import KEPT_SECONDS
from hubtriage.aws.ledger.former_roles import FormerRole, KnownRoles
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind, Recall
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from hubtriage.engine.planning.news import Delivered, News
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.recovery.log_reader import CALLS_PER_SECOND, DAY, LogReader, NoLogGroupError, spans
from hubtriage.recovery.rebuilding import Rebuilding, Rebuilt
from tests.recovery.test_log_lines import ARN, logged, outcome

NOW = 1_800_000_000.0
GROUP = "/aws/lambda/hubtriage-Triage"
OLD = FormerRole("arn:aws:iam::222233334444:role/old", NOW - 9, "old", "export")
HIDDEN = {"Workflow.Status": Claim("SUPPRESSED", "buckets")}
TAKEN_BACK = Entry({}, 4, NOW - 10, NOW - 9, {"Workflow.Status": "NEW"})
HID = Entry(HIDDEN, 2, NOW - 5 * DAY, NOW - 5 * DAY + 1, {"Workflow.Status": "SUPPRESSED"})


@dataclass
class Logs:
    """CloudWatch Logs with one group: lines with their times, a few on each page."""

    lines: list[tuple[float, str]] = field(default_factory=list)
    made: float = NOW - 30 * DAY
    kept: int | None = None
    page: int = 3
    calls: int = 0

    def add(self, time: float, entry: Entry | None, finding_id: str = "f", **members: Any) -> None:
        self.lines += [(time, line) for line in logged(outcome(entry, finding_id, **members))]

    def describe_log_groups(self, **request: Any) -> Mapping[str, Any]:
        group = {"logGroupName": GROUP, "creationTime": int(self.made * 1000)}
        other = {"logGroupName": f"{GROUP}-other", "creationTime": 0}
        retention = {} if self.kept is None else {"retentionInDays": self.kept}
        groups = [other, group | retention]
        return {
            "logGroups": [
                each for each in groups if each["logGroupName"].startswith(request["logGroupNamePrefix"])
            ]
        }

    def filter_log_events(self, **request: Any) -> Mapping[str, Any]:
        self.calls += 1
        assert request["logGroupName"] == GROUP
        start, end = request["startTime"] / 1000, request["endTime"] / 1000
        found = [line for time, line in self.lines if start <= time <= end and '"version"' in line]
        first = int(request.get("nextToken", 0))
        more = {"nextToken": str(first + self.page)} if len(found) > first + self.page else {}
        return {"events": [{"message": line} for line in found[first : first + self.page]], **more}


@dataclass
class RolesItem:
    """The item with the former roles."""

    known: KnownRoles = field(default_factory=KnownRoles)

    def read(self) -> KnownRoles | LedgerFault:
        return self.known

    def write(self, roles: Iterable[FormerRole], over: int) -> LedgerFault | None:
        assert over == self.known.version
        self.known = KnownRoles(tuple(roles), over + 1)
        return None


@dataclass
class Watched(MemoryLedger):
    """A table in which something happens between reading and writing."""

    between: Callable[[], object] = lambda: None

    def read(self, keys: Collection[Key], deadline: float = inf) -> Recall:
        recall = super().read(keys, deadline)
        self.between()
        return recall


@dataclass
class World:
    logs: Logs = field(default_factory=Logs)
    table: Watched = field(default_factory=Watched)
    roles: RolesItem = field(default_factory=RolesItem)
    days: list[float] = field(default_factory=list)
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    def rebuild(self, since: float | None = None, *, writes: bool = True) -> Rebuilt:
        log = LogReader(self.logs, GROUP, self.clock)
        rebuilding = Rebuilding(self.table, self.roles, log, "hubtriage", writes=writes)
        begin = log.begin() if since is None else since
        return rebuilding.run(begin, self.clock.now(), lambda span, _done: self.days.append(span.start))

    def entry(self, finding_id: str = "f") -> Entry | None:
        return self.table.read([(ARN, finding_id)]).entries.get((ARN, finding_id))


def done(rebuilt: Rebuilt) -> tuple[int, int, int, int]:
    return rebuilt.added, rebuilt.replaced, rebuilt.same, rebuilt.kept


@pytest.fixture
def world() -> World:
    return World()


def test_of_each_finding_the_newest_line_is_written_with_its_version(world: World) -> None:
    world.logs.add(NOW - 5 * DAY, HID)
    world.logs.add(NOW - 10, TAKEN_BACK)
    world.logs.add(NOW - 5 * DAY, HID, "g")
    world.logs.add(NOW - 8, None, "g", overruled=("Types",))
    assert done(world.rebuild()) == (2, 0, 0, 0)
    assert world.entry("f") == TAKEN_BACK
    assert world.entry("g") == HID


def test_a_dry_run_writes_nothing_and_says_the_same(world: World) -> None:
    world.logs.add(NOW - 10, HID)
    said = world.rebuild(writes=False)
    assert world.entry() is None
    assert done(said) == done(world.rebuild()) == (1, 0, 0, 0)


@pytest.mark.parametrize(("age", "left"), [(KEPT_SECONDS + 60, ["cloud"]), (DAY, ["chat", "cloud"])])
def test_what_channels_no_longer_remember_is_not_told_there_again(
    world: World, age: float, left: list[str]
) -> None:
    message = Delivered("chat", "message", "buckets", "a")
    ticket = Delivered("cloud", "ticket", "buckets", "a", "account", "open")
    news = News("hidden", NOW - age, 5, "buckets", deliver=(message, ticket))
    world.logs.add(NOW - age + 1, replace(HID, news=(news,), told=5))
    world.rebuild()
    entry = world.entry()
    assert entry is not None
    (kept,) = entry.news
    assert [each.to for each in kept.deliver] == left
    assert (kept.sequence, entry.told, entry.claims) == (5, 5, HIDDEN)
    assert done(world.rebuild()) == (0, 0, 1, 0)


def test_it_may_run_twice(world: World) -> None:
    for number in range(250):
        world.logs.add(NOW - 1 - number * 1000, HID, f"finding-{number}")
    assert done(world.rebuild()) == (250, 0, 0, 0)
    before = dict(world.table.items)
    assert done(world.rebuild()) == (0, 0, 250, 0)
    assert world.table.items == before


def test_entries_of_a_restored_table_are_replaced_by_what_came_after(world: World) -> None:
    world.table.place({(ARN, "f"): HID, (ARN, "g"): HID}, {})
    world.logs.add(NOW - 10, TAKEN_BACK)
    assert done(world.rebuild(since=NOW - 3600)) == (0, 1, 0, 0)
    assert world.entry("f") == TAKEN_BACK
    assert world.entry("g") == HID


@pytest.mark.parametrize(
    "newer",
    [
        pytest.param(replace(HID, version=9, claims={}), id="memory alone was written since"),
        pytest.param(Entry({}, 1, NOW - 2, NOW - 1), id="triage has updated the finding without its memory"),
        pytest.param(
            replace(HID, version=3, intent=Intent({}, {}, {}, NOW - 1)), id="an update of it is under way"
        ),
    ],
)
def test_what_is_newer_in_the_table_stays(world: World, newer: Entry) -> None:
    world.table.place({(ARN, "f"): newer}, {})
    world.logs.add(NOW - 5 * DAY, HID)
    assert done(world.rebuild()) == (0, 0, 0, 1)
    assert world.entry() == newer


def test_what_triage_has_noted_without_its_memory_is_replaced(world: World) -> None:
    world.table.place({(ARN, "f"): Entry(version=3, asked={"Workflow.Status": "SUPPRESSED"})}, {})
    world.logs.add(NOW - 5 * DAY, HID)
    assert done(world.rebuild()) == (0, 1, 0, 0)
    assert world.entry() == replace(HID, version=4), "whoever has read version 3 must not write over it"


def test_an_entry_that_triage_changes_at_the_same_moment_is_compared_anew(world: World) -> None:
    world.table.place({(ARN, "f"): replace(HID, ended=1.0)}, {})
    world.logs.add(NOW - 10, TAKEN_BACK)
    newer = Entry({}, 9, NOW - 2, NOW - 1)

    def once() -> None:
        world.table.between = lambda: None
        world.table.items.clear()
        world.table.place({(ARN, "f"): newer}, {})

    world.table.between = once
    assert done(world.rebuild()) == (0, 0, 0, 1)
    assert world.entry() == newer


def test_an_entry_that_changes_all_the_time_is_said_to(world: World) -> None:
    world.logs.add(NOW - 10, TAKEN_BACK)
    versions = iter(range(1, 99))

    def again() -> None:
        world.table.items.clear()
        world.table.place({(ARN, "f"): replace(HID, version=next(versions), ended=1.0)}, {})

    world.table.between = again
    rebuilt = world.rebuild()
    assert rebuilt.failed == ["f: its entry keeps changing: run this again"]
    assert not rebuilt.is_whole


def test_an_update_that_may_have_happened_is_an_open_intent_again(world: World) -> None:
    intent = Intent(HIDDEN, {"Workflow.Status": "SUPPRESSED"}, {"Workflow.Status": "NEW"}, NOW - 10)
    world.logs.add(NOW - 10, Entry(version=1, intent=intent))
    rebuilt = world.rebuild()
    assert rebuilt.intents == 1
    entry = world.entry()
    assert entry is not None
    assert entry.intent == intent


def test_former_roles_that_the_item_lacks_are_written_again(world: World) -> None:
    line = (
        '{"level":"INFO","location":"x","message":"former roles","timestamp":"t","service":"hubtriage",'
        '"version":2,"roles":[{"role":"%s","until":%s,"stack":"old","export":"export"}]}'
    )
    world.logs.lines.append((NOW - DAY, line % (OLD.role, OLD.until)))
    assert world.rebuild(writes=False).roles == 1
    assert world.roles.known == KnownRoles()
    assert world.rebuild().roles == 1
    assert world.roles.known == KnownRoles((OLD,), 1)
    assert world.rebuild().roles == 0
    assert world.roles.known.version == 1


def test_lines_that_cannot_be_used_are_counted_and_the_others_are_used(world: World) -> None:
    world.logs.add(NOW - 10, HID, "f")
    world.logs.add(NOW - 9, HID, "g")
    broken = [(time, line.replace('"format":1', '"format":2')) for time, line in world.logs.lines]
    world.logs.lines = [world.logs.lines[0], broken[1], (NOW - 8, "START RequestId: 1 "), (NOW - 8, "{")]
    rebuilt = world.rebuild()
    assert rebuilt.unusable == {"format 2 is not 1, the one that this version reads": 1}
    assert (rebuilt.lines, rebuilt.written, rebuilt.is_whole) == (2, 1, False)


def test_a_damaged_entry_of_the_table_is_left_and_said_so(world: World) -> None:
    world.table.items[ARN, "f"] = (1, "{")
    world.logs.add(NOW - 10, HID)
    rebuilt = world.rebuild()
    assert "is damaged" in rebuilt.failed[0]
    assert world.table.items[ARN, "f"] == (1, "{")


def test_a_table_that_takes_no_writes_is_said_to(world: World) -> None:
    world.logs.add(NOW - 10, HID)
    fault = LedgerFault(LedgerFaultKind.DENIED, "AccessDeniedException", "no")

    def deny() -> None:
        world.table.fault = fault

    world.table.between = deny
    rebuilt = world.rebuild()
    assert (rebuilt.failed, rebuilt.written) == (["AccessDeniedException: no"], 0)


def test_the_log_is_read_day_by_day_from_its_end_within_a_budget(world: World) -> None:
    world.logs.page = 1
    for number in range(40):
        world.logs.add(NOW - 1 - number, HID, f"f{number}")
    world.rebuild(since=NOW - 2.5 * DAY)
    assert world.days == [NOW - DAY, NOW - 2 * DAY, NOW - 2.5 * DAY]
    assert world.logs.calls == 42
    assert world.clock.now() - NOW >= 42 / CALLS_PER_SECOND - 2


@pytest.mark.parametrize(
    ("kept", "begin"),
    [
        pytest.param(None, NOW - 30 * DAY, id="as long as there is a log"),
        pytest.param(7, NOW - 7 * DAY, id="as long as the log keeps lines"),
        pytest.param(365, NOW - 30 * DAY, id="a log that is younger than it keeps lines"),
    ],
)
def test_the_log_begins_when_it_was_made_or_with_what_it_keeps(kept: int | None, begin: float) -> None:
    assert LogReader(Logs(kept=kept), GROUP, ManualClock(NOW)).begin() == begin


def test_a_log_group_that_is_gone_is_no_empty_one() -> None:
    with pytest.raises(NoLogGroupError, match="there is no log group /aws/lambda/hub"):
        LogReader(Logs(), "/aws/lambda/hub", ManualClock(NOW)).begin()


def test_days_do_not_overlap_and_leave_nothing_out() -> None:
    days = list(spans(0.0, 2.5 * DAY))
    assert [(day.start, day.end) for day in days] == [
        (1.5 * DAY, 2.5 * DAY), (0.5 * DAY, 1.5 * DAY), (0.0, 0.5 * DAY),
    ]  # fmt: skip
    assert list(spans(5.0, 5.0)) == []
