"""The files of a snapshot: their names, their order, and that two of them say the same."""

import json

from hubtriage.simulation.exceptions.html import page
from hubtriage.simulation.exceptions.snapshot import snapshot
from tests.support.registers import record


def test_a_snapshot_has_the_page_and_the_json_of_the_day_and_the_latest_last() -> None:
    register = record()
    made = snapshot(register)
    day = "register-2026-12-01-0123456789ab"
    assert list(made) == [f"{day}.html", f"{day}.json", "latest.html", "latest.json"]
    assert made[f"{day}.html"] == made["latest.html"] == page(register)
    assert made[f"{day}.json"] == made["latest.json"]
    assert json.loads(made["latest.json"]) == json.loads(json.dumps(register))
