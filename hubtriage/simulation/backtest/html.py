"""A backtest as one self-contained page: numbers, rules, all findings, and the reasoning for some of them."""

from importlib.resources import files

from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.pages.document import design, document
from hubtriage.simulation.backtest.examples import examples_of
from hubtriage.simulation.backtest.report import Record
from hubtriage.simulation.backtest.tally import Tally

_PAGE = files("hubtriage.simulation.backtest") / "page"
_MOST_EXAMPLES = 1_500
_LEAST, _MOST = 2, 25


def examples_each(rules: int) -> int:
    """Return how many examples to keep for each thing that a rule does, so that the page stays small."""
    return max(_LEAST, min(_MOST, _MOST_EXAMPLES // max(1, rules)))


def page(report: Record, tally: Tally) -> str:
    """Return the page of a report."""
    data = {
        "report": report,
        "examples": examples_of(tally),
        "each": tally.task.examples,
        "findings": tally.listing.as_record(),
        "accounts": _account_names(tally),
        "most": tally.task.listed,
    }
    return document(design("hubtriage backtest", _PAGE), data)


def _account_names(tally: Tally) -> dict[str, str]:
    directory = load_ruleset(tally.task.ruleset).accounts
    return {account: str(about["name"]) for account, about in directory.items() if about.get("name")}
