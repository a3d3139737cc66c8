"""The order of the tests when several processes share them, and what tests of several folders need."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from hubtriage.localaws.cloud import LocalCloud

Files = str | Mapping[str, str | bytes]


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


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[LocalCloud]:
    """The local AWS, started once for each test process that needs one."""
    with LocalCloud() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: LocalCloud) -> LocalCloud:
    """The local AWS with an empty hub and its first settings."""
    running_cloud.control.configure(quotas=True, udf="replace", value_errors="finding", conflict_window=0.0)
    running_cloud.control.reset()
    return running_cloud


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start every process with tests that talk to the local AWS: they take longest, and would be waited for.

    A process begins with a run of neighbouring tests and gives of its end to those that have none left.
    """
    long = [item for item in items if item.get_closest_marker("e2e")]
    short = [item for item in items if not item.get_closest_marker("e2e")]
    files = list(dict.fromkeys(item.path for item in long))
    one, other = ([item for item in long if item.path in part] for part in (files[::2], files[1::2]))
    half = max(0, len(items) // 2 - len(one))
    items[:] = [*one, *short[:half], *other, *short[half:]]
