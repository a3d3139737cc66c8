"""Long tests are spread so that all processes wait about as long, and what belongs together stays so."""

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import sharing
from tests.support.paths import ROOT


@dataclass
class Item:
    """As much of a test as its place is decided by."""

    path: Path
    name: str
    fixturenames: tuple[str, ...] = ()
    marks: tuple[str, ...] = field(default=("e2e",))

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


def items() -> list[Any]:
    quick = [Item(Path("test_quick.py"), f"test_{at}", marks=()) for at in range(60)]
    scenarios = [Item(Path("test_scenarios.py"), f"test_scenarios[{udf}]") for udf in ("replace", "merge")]
    recovery = [
        Item(Path(name), f"{test}[hundreds]")
        for name, _, test in (one.partition("::") for one in sharing.SECONDS if "recovery" in one)
    ]
    small = [Item(Path("test_ledger_recovery.py"), f"test_small_{at}") for at in range(3)]
    cloud = [Item(Path("test_x.py"), f"test_{at}", ("cloud", "running_cloud"), ()) for at in range(9)]
    documented = [Item(Path("test_documented_commands.py"), "test_life")]
    return [*quick, *scenarios, *recovery, *small, *cloud, *documented]


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 8])
def test_every_test_runs_once(workers: int) -> None:
    given = items()
    assert sorted(map(id, sharing.arranged(given, workers))) == sorted(map(id, given))


def test_no_process_waits_much_longer_than_another() -> None:
    groups = sharing.grouped(items())
    beginnings = sharing.beginnings_of(groups, 3)
    names = {id(item): name for name, group in groups.items() for item in group}
    waits = [sum(map(sharing.seconds, {names[id(item)] for item in beginning})) for beginning in beginnings]
    assert max(waits) - min(waits) <= max(map(sharing.seconds, groups)) // 2


def test_tests_that_share_nothing_are_apart_and_others_together() -> None:
    groups = sharing.grouped(items())
    assert [len(groups[f"test_scenarios.py::test_scenarios[{udf}]"]) for udf in ("replace", "merge")] == [
        1,
        1,
    ]
    assert len(groups["test_ledger_recovery.py"]) == 3
    assert len(groups["running_cloud"]) == 9


def test_what_takes_long_comes_first() -> None:
    first = sharing.arranged(items(), 1)
    is_quick = [item.path.name == "test_quick.py" for item in first]
    assert is_quick == sorted(is_quick)


@pytest.mark.parametrize("name", [name for name in sharing.SECONDS if name not in sharing.SHARED])
def test_what_is_said_to_take_long_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    (path,) = (ROOT / "tests").rglob(file)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not test or test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
