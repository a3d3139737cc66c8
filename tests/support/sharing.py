"""Which process runs which tests: those that wait come first, spread over the processes."""

import os
from collections.abc import Mapping, Sequence

import pytest

SHARED = ("running_cloud", "built")
"""Fixtures that take seconds, and that all tests of a process share: their tests stay together."""

LONGEST = ("test_documented_commands.py", "test_chaos.py", "test_scenarios.py", "running_cloud")
"""Groups that take a minute and more."""


def processes() -> int:
    """Return how many processes `-n auto` starts: tests that wait for the local AWS leave room for others."""
    return max(2, (os.cpu_count() or 2) * 3 // 2)


def arranged(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the tests in the order of the processes: each gets neighbours, about the same number.

    A process without any left takes some from the end of another's. So what takes long comes first.
    """
    long = grouped(items)
    beginnings: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, name in enumerate(sorted(long, key=_longest_first)):
        beginnings[number % workers] += long[name]
    begun = {id(item) for beginning in beginnings for item in beginning}
    rest = [item for item in items if id(item) not in begun]
    order: list[pytest.Item] = []
    for number, beginning in enumerate(beginnings, start=1):
        filling = max(0, len(items) * number // workers - len(order) - len(beginning))
        order += [*beginning, *rest[:filling]]
        del rest[:filling]
    return [*order, *rest]


def grouped(items: Sequence[pytest.Item]) -> Mapping[str, list[pytest.Item]]:
    """Return the tests that wait or share what takes long, by what keeps them together."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        shared = [name for name in SHARED if name in getattr(item, "fixturenames", ())]
        if shared or item.get_closest_marker("e2e"):
            groups.setdefault(shared[0] if shared else item.path.name, []).append(item)
    return groups


def _longest_first(name: str) -> tuple[int, str]:
    return (LONGEST.index(name) if name in LONGEST else len(LONGEST), name)
