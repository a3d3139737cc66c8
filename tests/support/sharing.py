"""Which process runs which tests: those that wait come first, so spread that all processes wait as long."""

import os
from collections.abc import Mapping, Sequence

import pytest

SHARED = ("running_cloud", "built")
"""Fixtures that take seconds, and that all tests of a process share: their tests stay together."""

SECONDS: Mapping[str, int] = {
    "test_documented_commands.py": 150,
    "test_ledger_recovery.py::test_a_ledger_is_moved_to_another_name_and_account_without_an_update": 90,
    "test_ledger_recovery.py::test_a_lost_ledger_is_rebuilt_and_nothing_changes": 80,
    "test_ledger_recovery.py::test_a_restored_ledger_gets_back_what_came_after": 70,
    "test_scenarios.py::test_scenarios": 60,
    "running_cloud": 60,
}
"""How long groups of tests take on an idle machine, roughly. A test that stands here is a group by itself."""
OTHERS = 30
"""Seconds that other groups take."""


def processes() -> int:
    """Return how many processes `-n auto` starts: tests that wait for the local AWS leave room for others."""
    return max(2, (os.cpu_count() or 2) * 3 // 2)


def arranged(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the tests in the order of the processes: each gets neighbours, about the same number.

    A process without any left takes some from the end of another's. So what takes long comes first.
    """
    beginnings = beginnings_of(grouped(items), workers)
    begun = {id(item) for beginning in beginnings for item in beginning}
    rest = [item for item in items if id(item) not in begun]
    order: list[pytest.Item] = []
    for number, beginning in enumerate(beginnings, start=1):
        filling = max(0, len(items) * number // workers - len(order) - len(beginning))
        order += [*beginning, *rest[:filling]]
        del rest[:filling]
    return [*order, *rest]


def beginnings_of(groups: Mapping[str, list[pytest.Item]], workers: int) -> list[list[pytest.Item]]:
    """Return what each process begins with: a group goes to the one that waits least, the longest first."""
    beginnings: list[list[pytest.Item]] = [[] for _ in range(workers)]
    waits = [0] * workers
    for name in sorted(groups, key=lambda name: (-seconds(name), name)):
        least = waits.index(min(waits))
        waits[least] += seconds(name)
        beginnings[least] += groups[name]
    return beginnings


def grouped(items: Sequence[pytest.Item]) -> Mapping[str, list[pytest.Item]]:
    """Return the tests that wait or share what takes long, by what keeps them together."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        shared = [name for name in SHARED if name in getattr(item, "fixturenames", ())]
        if shared or item.get_closest_marker("e2e"):
            groups.setdefault(shared[0] if shared else _group(item), []).append(item)
    return groups


def seconds(group: str) -> int:
    """Return how long a group takes."""
    return SECONDS.get(group.partition("[")[0], OTHERS)


def _group(item: pytest.Item) -> str:
    """Return the test's file, whose tests often share a stack, or the test itself if it shares nothing."""
    alone = f"{item.path.name}::{item.name}"
    return alone if alone.partition("[")[0] in SECONDS else item.path.name
