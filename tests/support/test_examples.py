"""The same examples in every run, unless it explores."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

from tests.support.examples import EXPLORING
from tests.support.paths import ROOT

DRAWING = """
import sys
from hypothesis import given, strategies as st
import {module}
from tests.support.examples import load_profile

load_profile()

@given(st.integers(), st.text(), st.floats(), st.sets(st.sampled_from("abcdef")))
def draw(number, text, fraction, chosen):
    sys.stdout.write(f"{{number}} {{ascii(text)}} {{fraction}} {{sorted(chosen)}}\\n")

draw()
"""


def drawn(folder: Path, module: str, hash_seed: int, **environment: str) -> str:
    """The examples that a test gets in a process of its own, in which a module is loaded."""
    script = folder / "drawing.py"
    script.write_text(DRAWING.format(module=module), encoding="utf-8")
    plain = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(hash_seed), "HUBTRIAGE_LAWS": "1"}
    done = subprocess.run(
        [sys.executable, script],
        cwd=folder,
        env={**os.environ, **plain, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_neither_the_hash_seed_nor_what_is_loaded_nor_ci_changes_the_examples(tmp_path: Path) -> None:
    first = drawn(tmp_path, "hubtriage.engine.fields", 1)
    assert first == drawn(tmp_path, "tests.engine.jsonlogic.test_compiler", 2, CI="true")
    assert first.count("\n") > 50


def test_a_run_that_explores_draws_others(tmp_path: Path) -> None:
    assert drawn(tmp_path, "json", 1, HUBTRIAGE_LAWS="2") != drawn(tmp_path, "json", 1, HUBTRIAGE_LAWS="2")


def settings_of(item: pytest.Item) -> settings | None:
    """The settings of a test that uses Hypothesis; None: it does not."""
    test = getattr(item, "obj", None)
    if not is_hypothesis_test(test):
        return None
    of_a_machine = getattr(getattr(item, "cls", None), "settings", None)
    return getattr(test, "_hypothesis_internal_use_settings", of_a_machine)


def test_no_test_brings_settings_that_depend_on_clock_or_chance(request: pytest.FixtureRequest) -> None:
    found = {item.nodeid: chosen for item in request.session.items if (chosen := settings_of(item))}
    differing = [
        name
        for name, chosen in found.items()
        if chosen.deadline is not None or chosen.database is not None or chosen.derandomize is EXPLORING
    ]
    assert differing == []


def test_an_exploring_run_says_how_to_repeat_it() -> None:
    command = [sys.executable, "-m", "pytest", "--hypothesis-seed=7", "--collect-only"]
    done = subprocess.run(
        [*command, "tests/laws/test_conditions.py"],
        cwd=ROOT,
        env={**os.environ, "HUBTRIAGE_LAWS": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "make laws EFFORT=3 SEED=7" in done.stdout
