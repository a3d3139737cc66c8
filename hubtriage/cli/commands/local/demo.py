"""`hubtriage demo`: the whole system on this machine."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from hubtriage.authoring.loaded import LoadResult
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.rules import loaded_rules
from hubtriage.cli.locations import Location
from hubtriage.cli.options import HUBS
from hubtriage.cli.output import write_file
from hubtriage.cli.project import rules_folder
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import console, is_animated
from hubtriage.cli.views.demo import INTRODUCTION, LiveProgress, PlainProgress, report
from hubtriage.cli.views.explain import render
from hubtriage.engine.ocsf.view import asff_view, is_ocsf
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.delivery import NOTIFY, NOWHERE, OPEN_TICKET, QUEUE
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.localaws.demo.hubs import CSPM, Key
from hubtriage.localaws.demo.run import DemoError, Performance, Scenario, perform
from hubtriage.localaws.demo.steps import Watcher
from hubtriage.localaws.demo.tickets import TICKET_RULES, Destinations
from hubtriage.localaws.deploy import DeploymentError
from hubtriage.localaws.errors import LocalCloudError
from hubtriage.localaws.sample_rules import SAMPLE_RULES
from hubtriage.localaws.synth import SynthesisError
from hubtriage.simulation.explain import explain


@click.command(name="demo")
@target_option
@click.option(
    "--rules",
    "folder",
    type=Location(path_type=Path, file_okay=False),
    show_default="rules, or the sample rules if there is no such folder",
    help="Folder with the rule files.",
)
@click.option(
    "--findings",
    default=2_500,
    show_default=True,
    type=click.IntRange(1),
    help="How many findings to import.",
)
@click.option(
    "--hub",
    type=click.Choice(list(HUBS)),
    default=CSPM,
    show_default=True,
    help="The hub whose findings are triaged.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the findings.")
@click.option(
    "--build",
    default="build/demo",
    show_default=True,
    type=Location(path_type=Path, file_okay=False),
    help="Folder for the build and for summary.json.",
)
@click.option("--tickets", is_flag=True, help="Open tickets in a double of Jira, and send messages.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, and nothing else.")
def command(
    folder: Path | None, findings: int, hub: str, seed: int, build: Path, tickets: bool, as_json: bool
) -> None:
    """Run the whole system on this machine.

    Deploys the stack to a local AWS, lets it triage findings, and accounts for each of them. It needs no
    AWS account and no network, and leaves nothing running.

    Rules that open tickets or send messages do so in doubles of Jira and Slack on this machine, whatever
    their queues and channels are. With --tickets a rule is added if no rule does.

    Exit codes: 0 every finding is accounted for; 1 something failed.
    """
    folder = folder or (rules_folder() if rules_folder().is_dir() else SAMPLE_RULES)
    target = console(sys.stderr if as_json else sys.stdout)
    loaded = loaded_rules(folder)  # rules with errors end it before anything starts
    destinations = _destinations(loaded)
    if tickets and destinations is None:
        folder = _with_tickets(folder, build)
        destinations = _destinations(loaded_rules(folder))
    target.print(INTRODUCTION, style="dim", soft_wrap=True)
    try:
        with _progress(target) as watcher:
            scenario = Scenario(folder, build, findings, seed, hubs=HUBS[hub], destinations=destinations)
            performance = perform(scenario, watcher)
    except (DemoError, DeploymentError, LocalCloudError, SynthesisError) as error:
        fail(str(error))
    summary = build / "summary.json"
    write_file(summary, json.dumps(performance.as_summary(), indent=2) + "\n")
    if as_json:
        click.echo(summary.read_text(encoding="utf-8"), nl=False)
    else:
        explained = {name: _explanation(performance, name) for name in performance.verdicts}
        verdicts, signals = performance.verdicts, performance.signals
        shown = report(verdicts, explained, signals, str(summary), target.width, performance.tickets)
        target.print(shown, soft_wrap=True)
    raise SystemExit(1 if performance.problems else 0)


def _destinations(loaded: LoadResult) -> Destinations | None:
    """Return the channels and queues that rules name; None if they deliver nothing."""
    rules = [rule.compiled({}) for rule in loaded.rules]
    channels = {name for rule in rules for name in rule.get(NOTIFY, ()) if name != NOWHERE}
    queues = {rule[OPEN_TICKET][QUEUE] for rule in rules if OPEN_TICKET in rule} - {NOWHERE}
    if not (channels or queues):
        return None
    return Destinations(tuple(sorted(channels - queues)), tuple(sorted(queues)))


def _with_tickets(folder: Path, build: Path) -> Path:
    """Return a copy of a folder of rules with one more, which opens tickets and sends messages."""
    copied = build / "rules"
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(folder, copied)
    shutil.copyfile(TICKET_RULES, copied / "demo-tickets.yaml")
    return copied


@contextmanager
def _progress(target: Console) -> Iterator[Watcher]:
    if not is_animated(target.file):
        yield PlainProgress(target)
        return
    with LiveProgress(target) as live:
        yield live


def _explanation(performance: Performance, hub: str) -> Iterator[str]:
    """Explain the example as its event showed it; only count the rules that do not match."""
    line = performance.verdicts[hub].example
    if line is None:
        return
    key: Key = line["product_arn"], line["finding_id"]
    now = parse_timestamp(line["timestamp"]) or 0.0
    finding, ruleset = performance.evidence[hub].before[key], load_ruleset(performance.ruleset)
    finding = asff_view(dict(finding)) if is_ocsf(finding) else finding
    explanation = explain(finding, NO_ENTRY, ruleset, now, Settings())
    looked_at = tuple(rule for rule in explanation.rules if rule.verdict != "no match")
    yield from render(replace(explanation, rules=looked_at))
    yield ""
    yield f"{len(explanation.rules) - len(looked_at)} other rules do not match it."
