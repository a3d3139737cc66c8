"""Whatever the findings' sizes, a batch and a step of the sweep fit into the memory of the function."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.hub_server import hub_server
from tests.support.paths import ROOT
from tests.support.peak_memory import large
from tests.support.triage_world import NOW

REACH = 256_000_000
"""Bytes of the process. The function has 512 MB unless it is set."""
HELD = 15_000_000
"""Bytes that a batch of 6 MB may take: parsed whole, it takes more than 40 MB."""


def peak(kind: str, count: int) -> dict[str, Any]:
    with hub_server() as (hub, address):
        for number in range(count):
            hub.plant(large(number), NOW)
        command = [sys.executable, "-m", "tests.support.peak_memory", address, kind, str(count)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


@pytest.mark.parametrize(
    ("kind", "count", "done"),
    [
        pytest.param("batch", 200, ["updated"], id="a batch that reads 200 large findings again"),
        pytest.param("sweep", 100, "done", id="a sweep over 100 large findings"),
        pytest.param("held", 100, "done", id="a sweep over the entries of 100 large findings"),
    ],
)
def test_large_findings_fit_into_the_memory_of_the_function(kind: str, count: int, done: object) -> None:
    measured = peak(kind, count)
    assert measured["done"] == done
    assert 0 < measured["resident"] <= REACH


def test_of_large_events_a_batch_holds_little_more_than_their_text() -> None:
    """AWS: Lambda hands over 6 MB at most."""
    one, many = peak("events", 1), peak("events", 25)
    assert one["done"] == many["done"] == ["updated"]
    assert many["resident"] - one["resident"] <= HELD
