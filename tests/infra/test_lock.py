"""What is pinned for the functions is pinned for everything else, too."""

from collections.abc import Iterator
from pathlib import Path

from tests.support.paths import ROOT


def pins(path: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """Each requirement of a lock file with its hashes."""
    for block in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        requirement, *options = block.split()
        yield requirement, frozenset(option for option in options if option.startswith("--hash="))


def test_the_functions_have_the_versions_and_hashes_of_the_project() -> None:
    functions, project = dict(pins(ROOT / "lambdas" / "lock.txt")), dict(pins(ROOT / "requirements.txt"))
    assert functions.items() <= project.items()
    wanted = [
        line.split()[0]
        for name in ("requirements.txt", "requirements-regex.txt")
        for line in (ROOT / "lambdas" / name).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert sorted(functions) == sorted(wanted)
