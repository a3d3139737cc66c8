"""The schema for editors and the loader agree about every rule file, but for a list of kinds with reasons."""

import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from jsonschema import Draft7Validator

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.editor.json_schema import rules_schema
from hubtriage.authoring.loader import ACCOUNTS_FILE, load_rules
from hubtriage.authoring.problems import CODES
from hubtriage.authoring.yaml.reader import parse
from tests.authoring.editor.cases import HERE, correct_texts, readable, rule_texts, slipped_texts
from tests.authoring.editor.differences import REFUSED, UNSAID, Difference
from tests.authoring.slips import ACCOUNTS
from tests.support.paths import ROOT

VALIDATOR = Draft7Validator(rules_schema())
SOME = 40  # of the slips of each kind
MOST_BYTES = 500_000  # of the schema, which editors load once
MOST_SECONDS = 2.0  # of processor time, for a hundred rules; measured: 0.2 to 0.5


@cache
def compared(text: str) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]] | None:
    """What lint says of a rule file, as (code, message), and the schema; None if it is no rule file."""
    if not any(f"{key}:" in text for key in ("rules", "lists", "defaults")):
        return None
    try:
        document, _problems = parse("a.yaml", text.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which no file holds
        return None
    if document is None or not isinstance(document.value, dict) or "rules" not in document.value:
        return None
    with TemporaryDirectory() as folder:
        Path(folder, "a.yaml").write_text(text, encoding="utf-8", newline="")
        Path(folder, ACCOUNTS_FILE).write_text(ACCOUNTS, encoding="utf-8")
        loaded = load_rules(Path(folder))
        said = (*loaded.errors, *warnings(loaded, SAMPLE_NOW))
    errors = VALIDATOR.iter_errors(readable(document.value))
    told = tuple(f"{list(error.absolute_path)}: {error.message[:200]}" for error in errors)
    return tuple((problem.code, problem.message) for problem in said), told


def disagreement(text: str) -> str | None:
    """Say how lint and the schema differ about a rule file beyond the known kinds; None if they do not."""
    found = compared(text)
    if found is None:
        return None
    said, told = found
    errors = [one for one in said if one[0].startswith("E")]
    sayable = [one for one in errors if not any(kind.covers(*one) for kind in UNSAID)]
    if sayable and not told:
        return f"the schema takes what lint refuses: {sayable}"
    if told and not errors and not any(kind.covers(*one) for kind in REFUSED for one in said):
        return f"the schema refuses what lint takes: {told}"
    return None


def disagreements(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """How they differ about each of many files, by the file's name."""
    found = {name: disagreement(text) for name, text in texts}
    return {name: one for name, one in found.items() if one is not None}


def test_they_agree_about_every_rule_file_of_the_project() -> None:
    assert sum(compared(text) is not None for _name, text in rule_texts()) > 500
    assert disagreements(rule_texts()) == {}


def test_they_agree_about_correct_rules_in_every_form() -> None:
    texts = list(correct_texts())
    assert len(texts) >= 200
    assert disagreements(texts) == {}


def test_they_agree_about_slips() -> None:
    assert disagreements(slipped_texts(SOME)) == {}


@pytest.mark.slow
def test_they_agree_about_slips_wherever_they_are_planted() -> None:
    assert disagreements(slipped_texts(None)) == {}


@pytest.mark.parametrize("kind", [*UNSAID, *REFUSED], ids=lambda kind: f"{kind.code} {kind.shown}")
def test_a_kind_of_difference_is_one(kind: Difference) -> None:
    """A rule file of the project shows it: one about which only this kind of problem makes them differ."""
    for _name, text in rule_texts():
        said, told = compared(text) or ((), ())
        errors = [one for one in said if one[0].startswith("E")]
        covered = [one for one in errors or said if kind.covers(*one)]
        if kind in UNSAID and not told and covered and covered == errors:
            return
        if kind in REFUSED and told and covered and not errors:
            return
    pytest.fail(f"no rule file shows the difference: {kind.shown}")


def test_each_kind_is_about_a_code_that_there_is() -> None:
    assert {kind.code for kind in (*UNSAID, *REFUSED)} <= set(CODES)


def test_the_document_has_the_same_list() -> None:
    page = (ROOT / "docs" / "writing-rules.md").read_text(encoding="utf-8")
    rows = [f"| {_linked(kind.code)} | {kind.shown} | {kind.reason} |" for kind in (*UNSAID, *REFUSED)]
    assert "\n".join(rows) in page, "write into docs/writing-rules.md:\n" + "\n".join(rows)


def _linked(code: str) -> str:
    return f"[{code}](checks/{code}.md)"


def test_the_schema_is_of_reasonable_size() -> None:
    assert (ROOT / "schema" / "rules.schema.json").stat().st_size <= MOST_BYTES


def test_a_hundred_rules_are_checked_quickly() -> None:
    document, _problems = parse("a.yaml", (HERE / "rules" / "star-in-exact-value.yaml").read_bytes())
    assert document is not None
    written: Any = readable(document.value)
    rules = [{**rule, "id": f"rule-{number}"} for number in range(100) for rule in written["rules"]]
    started = time.process_time()
    assert len(list(VALIDATOR.iter_errors({"rules": rules}))) >= len(rules)
    assert time.process_time() - started < MOST_SECONDS
