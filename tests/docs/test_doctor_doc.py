"""The page on `hubtriage doctor` names every check, status and option, and its policy is a policy."""

import re
from typing import Any

import click

from hubtriage.cli.commands.aws.doctor import PROBE, command
from hubtriage.doctor.examine import CHECKS
from hubtriage.doctor.verdict import STATUSES
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")


def rows() -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "|" in line
    ]


def test_every_check_has_its_row_in_the_order_in_which_it_is_made() -> None:
    wanted: list[Any] = [[check.title, f"`{check.name}`"] for check in (*CHECKS, PROBE)]
    assert [row[:2] for row in rows() if row[:2] in wanted] == wanted


def test_every_status_is_explained() -> None:
    assert [row[0].strip("`") for row in rows() if row[0].strip("`") in STATUSES] == list(STATUSES)


def test_every_option_is_explained() -> None:
    options = {name for item in command.params if isinstance(item, click.Option) for name in item.opts}
    of_every_command = {"--stack", "--region", "--profile", "--quiet", "-q", "--verbose", "-v", "--color"}
    assert options - of_every_command <= set(re.findall(r"--[a-z-]+", PAGE))
