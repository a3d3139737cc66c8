"""The pages about writing rules: their rules are clean and pass their tests, their examples are true."""

import json
import re
import shutil

import pytest

from hubtriage.asff.samples import SAMPLE_NOW, SAMPLES, sample
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.editor.texts import BEFORE_KEYS, RULE_KEYS, TEST_KEYS, UPDATE_KEYS
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.schema.rule import Before, RuleModel, RuleTest, keys_of
from hubtriage.authoring.schema.update import Update
from hubtriage.engine.jsonlogic.compiler import ALL_OPERATORS, compile_logic
from hubtriage.engine.pattern import compile_pattern
from hubtriage.engine.pattern.fields import OPERATORS
from hubtriage.simulation.ruletests import run_tests
from tests.support.paths import ROOT

GUIDE = (ROOT / "docs" / "writing-rules.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
ACCOUNTS = {"123456789012": {"environment": "prod"}}


def snippets():
    title = ""
    for heading, block in re.findall(r"^#+ ([^\n]*)$|^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL):
        title = heading or title
        if block:
            yield pytest.param(block, id=title)


@pytest.mark.parametrize("text", list(snippets()))
def test_a_rule_of_the_guide_is_clean_and_does_what_it_says(text, tmp_path):
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "rules" / "accounts.yaml", tmp_path)
    (tmp_path / "scanners.txt").write_text("198.51.100.7\n", encoding="utf-8")
    (tmp_path / "sandboxes.csv").write_text("account,team\n131313131313,a\n", encoding="utf-8")
    loaded = load_rules(tmp_path)
    assert [problem.render() for problem in (*loaded.problems, *warnings(loaded, SAMPLE_NOW))] == []
    verdicts = list(run_tests(loaded))
    assert {one.rule for one in verdicts} == {rule.id for rule in loaded.rules} != set()
    assert [(one.name, one.differences) for one in verdicts if not one.passed] == []


def test_the_cookbook_has_twenty_four_recipes():
    assert GUIDE.partition("# Cookbook\n")[2].count("\n## ") == 24


def test_the_guide_names_every_field_that_can_be_set():
    for name in Update.model_fields:
        assert f"`{name}" in GUIDE


@pytest.mark.parametrize("keys", [RULE_KEYS, TEST_KEYS, BEFORE_KEYS], ids=["rule", "test", "before"])
def test_the_guide_says_of_every_key_what_editors_show(keys):
    shown = "".join(f"| `{key}` | {text} |\n" for key, text in keys.items())
    assert f"| key | meaning |\n|---|---|\n{shown}\n" in GUIDE


@pytest.mark.parametrize(
    ("model", "keys"),
    [(RuleModel, RULE_KEYS), (RuleTest, TEST_KEYS), (Before, BEFORE_KEYS), (Update, UPDATE_KEYS)],
)
def test_every_key_is_described(model, keys):
    assert set(keys) == set(keys_of(model))


def test_the_guide_names_every_sample():
    assert [name for name in SAMPLES if f"`{name}`" not in GUIDE] == []


def rows(section, columns):
    text = REFERENCE.partition(f"## {section}")[2].partition("\n## ")[0]
    found = re.findall(r"^\| .* \|$", text, re.MULTILINE)[1:]
    return [[cell.strip() for cell in row[2:-2].split(" | ")][-columns:] for row in found]


@pytest.mark.parametrize(("example", "value"), rows("`when`", 2))
def test_the_value_of_an_expression(example, value):
    logic = json.loads(example.strip("`"))
    assert compile_logic(logic, accounts=ACCOUNTS)(sample("security-hub"), SAMPLE_NOW) == json.loads(
        value.strip("`")
    )


@pytest.mark.parametrize(("example", "matches"), rows("`match`", 2))
def test_whether_a_pattern_matches(example, matches):
    pattern = json.loads(example.strip("`"))
    assert compile_pattern(pattern)(sample("security-hub")) is (matches == "yes")


def test_every_operator_has_an_example():
    shown = {next(iter(json.loads(example.strip("`")))) for example, _value in rows("`when`", 2)}
    assert shown == set(ALL_OPERATORS)
    patterns = "".join(example for example, _matches in rows("`match`", 2))
    assert [name for name in OPERATORS if f'"{name}"' not in patterns] == []


def test_every_link_leads_somewhere():
    for page in ("writing-rules.md", "operators.md", "first-rule.md", "cli.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            assert (ROOT / "docs" / target).exists(), f"{page}: {target}"
