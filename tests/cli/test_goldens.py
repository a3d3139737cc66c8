"""The help of all commands and common errors are what a reviewer has seen."""

from tests.cli.goldens import FOLDER, files


def test_help_and_errors_are_as_reviewed() -> None:
    seen = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.rglob("*.txt"))}
    assert seen == files(), "look at the change after: make cli-docs"
