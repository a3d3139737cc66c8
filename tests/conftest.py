"""The examples of all tests, their order in several processes, and what several folders need."""

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import boto3
import pytest

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.settings import HubV2Settings
from tests.support import examples, sharing
from tests.support.left_out import LEFT_OUT

examples.load_profile()

Files = str | Mapping[str, str | bytes]


@pytest.fixture(autouse=True)
def _nothing_left_in_the_environment() -> Iterator[None]:
    """Give each test the environment of the start: commands set AWS's variables, as their options say."""
    before, session = dict(os.environ), boto3.DEFAULT_SESSION
    yield
    boto3.DEFAULT_SESSION = session
    for name in {*os.environ, *before} - {"PYTEST_CURRENT_TEST"}:  # pytest keeps that one
        if name not in before:
            del os.environ[name]
        elif os.environ.get(name) != before[name]:
            os.environ[name] = before[name]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Files], Path]:
    """A function that writes files (name to text) into the folder `rules` and returns its relative path."""
    monkeypatch.chdir(tmp_path)

    def write(files: Files) -> Path:
        for name, text in ({"a.yaml": files} if isinstance(files, str) else files).items():
            path = Path("rules") / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Path("rules")

    return write


@pytest.fixture
def only_own_garbage() -> Iterator[None]:
    """Keep what other tests have left from being searched for garbage on the time of one that is timed."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[LocalCloud]:
    """The local AWS, started once for each test process that needs one."""
    with LocalCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: LocalCloud) -> LocalCloud:
    """The local AWS with an empty hub and its first settings."""
    first = {"quotas": True, "udf": "replace", "value_errors": "finding", "conflict_window": 0.0}
    running_cloud.control.configure(**first, v2=asdict(HubV2Settings()))
    running_cloud.control.reset()
    return running_cloud


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the seed of a run that explores, for all its processes."""
    if examples.EXPLORING and config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = examples.new_seed()


def pytest_report_header(config: pytest.Config) -> str | None:
    return _how_to_repeat(config)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Repeat at the end, where it is looked for, how to try the same examples again."""
    if (again := _how_to_repeat(config)) and terminalreporter.stats.get("failed"):
        terminalreporter.write_line(again)


def _how_to_repeat(config: pytest.Config) -> str | None:
    return examples.again(config.option.hypothesis_seed) if examples.EXPLORING else None


def pytest_xdist_auto_num_workers() -> int:
    return sharing.processes()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember the tests that exist, though this run leaves them out."""
    if items:
        config = items[0].config
        config.stash[LEFT_OUT] = config.stash.get(LEFT_OUT, frozenset()) | {item.nodeid for item in items}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = sharing.arranged(items, workers)
