"""What `--live` keeps for the next command: where, and how old it is."""

from pathlib import Path

import pytest

from hubtriage.cli.inputs.exporting import HubQuery
from hubtriage.cli.inputs.live import age_in_words, cached
from hubtriage.cli.inputs.live_options import HubFilters

QUERY = HubQuery("111122223333", "us-east-1", HubFilters(), "hubtriage", "hubtriage-ledger")
OTHERS = [
    pytest.param(
        HubQuery("444455556666", "us-east-1", HubFilters(), "hubtriage", "hubtriage-ledger"), id="account"
    ),
    pytest.param(
        HubQuery("111122223333", "eu-west-1", HubFilters(), "hubtriage", "hubtriage-ledger"), id="Region"
    ),
    pytest.param(
        HubQuery("111122223333", "us-east-1", HubFilters(cspm={}), "hubtriage", "hubtriage-ledger"),
        id="filters",
    ),
    pytest.param(
        HubQuery("111122223333", "us-east-1", HubFilters(("cspm", "v2")), "hubtriage", "hubtriage-ledger"),
        id="hubs",
    ),
    pytest.param(HubQuery("111122223333", "us-east-1", HubFilters(), "hubtriage", "restored"), id="table"),
    pytest.param(HubQuery("111122223333", "us-east-1", HubFilters(), "hubtriage", None), id="no table"),
]


@pytest.mark.parametrize("other", OTHERS)
def test_each_query_has_a_file_of_its_own(other: HubQuery, tmp_path: Path) -> None:
    assert cached(other, tmp_path) != cached(QUERY, tmp_path)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(3, "just now"), (90 * 60, "90 minutes ago"), (5 * 3600, "5 hours ago")],
)
def test_how_long_ago_is_told_in_the_unit_that_fits(seconds: float, told: str) -> None:
    assert age_in_words(seconds) == told
