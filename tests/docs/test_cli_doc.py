"""The page about commands is what the commands say."""

from hubtriage.cli.main import COMMANDS
from hubtriage.cli.reference import reference
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_commands_say():
    assert reference() == PAGE, "write it again: make cli-docs"


def test_every_command_has_its_part():
    for name in COMMANDS:
        assert f"\n## hubtriage {name}\n" in PAGE
        assert f"Usage: hubtriage {name}" in PAGE
