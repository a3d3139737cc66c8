"""What a deployment changes, as people read it."""

from collections import Counter
from collections.abc import Iterator, Sequence

import click

from hubtriage.aws.deployment.identity import RulesIdentity
from hubtriage.aws.deployment.objections import Deployed
from hubtriage.cli.deploying.changes import KINDS, ChangedRule
from hubtriage.cli.deploying.planning import PlannedStack
from hubtriage.cli.text import counted
from hubtriage.cli.views.tables import table

MOST_ROWS = 50


def text(plan: PlannedStack) -> Iterator[str]:
    """Yield the lines about one stack."""
    place = f"account {plan.account}, {plan.region}, stack {plan.stack}"
    yield click.style(place, bold=True)
    yield f"  deployed: {_deployed_text(plan.deployed)}"
    yield f"  new:      {plan.new.text()}"
    if plan.deployed is None:
        return
    yield f"  {_summary(plan.rules)}"
    rows = [(one.rule, one.kind, one.held, one.hidden) for one in plan.rules]
    if rows:
        yield from table(("rule", "change", "findings held", "hidden"), rows[:MOST_ROWS], "    ")
    if len(rows) > MOST_ROWS:
        yield f"    and {len(rows) - MOST_ROWS:,} more; --json names all"
    if plan.damaged:
        yield f"  {plan.damaged:,} entries of the ledger cannot be read: see hubtriage doctor"


def _deployed_text(deployed: Deployed | None) -> str:
    if deployed is None:
        return "nothing; this is the first deployment"
    return deployed.text() if isinstance(deployed, RulesIdentity) else deployed.value


def _summary(rules: Sequence[ChangedRule]) -> str:
    if not rules:
        return "no rule changes; settings and the version of hubtriage may"
    counts = Counter(one.kind for one in rules)
    kinds = ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind])
    hidden = sum(one.hidden for one in rules if one.kind == "ended")
    ends = f"; those that end hide {counted(hidden, 'finding')} now" if counts["ended"] else ""
    return f"rules: {kinds}{ends}"
