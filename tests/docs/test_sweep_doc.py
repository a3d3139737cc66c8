"""The page on the sweep names every option, end, metric and member that there is."""

import re
from typing import get_args

import click

from hubtriage.aws.sweep.progress import Progress, Status
from hubtriage.aws.sweep.report import COUNTS, report
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.cli.commands.aws.sweep import FILTERS, command
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "sweep.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))
SELF_EVIDENT = {
    *("--stack", "--target", "--region", "--profile", "--follow", "--no-follow", "--yes", "--rules", "--udf"),
    "--json",
    # of every command, once the command line is put together
    *("--quiet", "-q", "--color", "--verbose", "-v"),
}


def test_every_option_is_explained():
    options = {name for item in command.params if isinstance(item, click.Option) for name in item.opts}
    explained = {name.split()[0] for name in NAMED if name.startswith("--")} | {"--reopen"}
    assert options - SELF_EVIDENT <= explained
    assert "`hubtriage sweep --reopen`" in PAGE


def test_every_filter_is_explained():
    assert {name for name in FILTERS if not re.search(rf"`[^`]*\b{name}=", PAGE)} == set()


def test_every_end_and_metric_is_explained():
    assert set(get_args(Status)) - {"more"} <= NAMED
    assert {*COUNTS, "SweepsDone", "SweepsStopped"} <= NAMED


def test_what_the_report_says_is_explained():
    ruleset = load_ruleset({"format": 1, "hash": "0" * 16, "revision": None, "rules": []})
    told = set(report("s", SweepRequest(), Progress(), ruleset))
    circumstances = {
        "sweep",
        "reason",
        "request",
        "ruleset",
        "revision",
        "messages",
        "pages",
        "restarts",
        "seconds",
    }
    assert told - circumstances <= NAMED
