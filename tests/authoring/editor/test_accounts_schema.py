"""The schema of the account directory: it takes and refuses what the loader does."""

import json

import pytest
from jsonschema import Draft7Validator

from hubtriage.authoring.editor.accounts_schema import accounts_schema
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.new_folder import contents
from hubtriage.authoring.yaml.reader import parse
from tests.authoring.editor.cases import readable
from tests.support.paths import ROOT

SCHEMA = accounts_schema()
TEMPLATE = contents("1.0")["rules/accounts.yaml"]
RULE = "rules: [{id: a, when: true, update: {Workflow: {Status: NOTIFIED}}}]\n"


def told(text):
    """Where the schema finds an error: the path, and the keyword that is not fulfilled."""
    document, _problems = parse("accounts.yaml", text.encode())
    errors = Draft7Validator(SCHEMA).iter_errors(readable(document.value))
    return [("/".join(map(str, error.absolute_path)), error.validator) for error in errors]


def loaded(text, folder):
    return load_rules(folder({"a.yaml": RULE, "accounts.yaml": text})).errors


def test_what_is_checked_in_is_what_is_made():
    checked_in = (ROOT / "schema" / "accounts.schema.json").read_text(encoding="utf-8")
    assert json.loads(checked_in) == SCHEMA, "write it again: make schema"
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param((ROOT / "rules" / "accounts.yaml").read_text(encoding="utf-8"), id="the project's own"),
        pytest.param(TEMPLATE, id="that of a new folder"),
        pytest.param("accounts: {}\n", id="an organization without accounts"),
        pytest.param('accounts: {"111122223333": {}}\n', id="an account of which nothing is known"),
        pytest.param(
            'accounts: {"012345678901": {cost center: "42", ou: a/b}}\n', id="attributes of any name"
        ),
    ],
)
def test_what_the_loader_takes_the_schema_takes(text, folder):
    assert loaded(text, folder) == ()
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "place", "keyword"),
    [
        pytest.param("account: {}\n", "", "additionalProperties", id="a misspelt key"),
        pytest.param("accounts: []\n", "accounts", "type", id="a list of accounts"),
        pytest.param('accounts: {"1111": {}}\n', "accounts", "pattern", id="an id of four digits"),
        pytest.param('accounts: {"1111222233334": {}}\n', "accounts", "pattern", id="one of thirteen"),
        pytest.param('accounts: {"111122223333": prod}\n', "accounts/111122223333", "type", id="a text"),
        pytest.param('accounts: {"111122223333": [prod]}\n', "accounts/111122223333", "type", id="a list"),
        pytest.param(
            'accounts: {"111122223333": {tier: 1}}\n', "accounts/111122223333/tier", "type", id="a number"
        ),
        pytest.param(
            'accounts: {"111122223333": {name: true}}\n', "accounts/111122223333/name", "type", id="a boolean"
        ),
        pytest.param(
            'accounts: {"111122223333": {tags: {a: b}}}\n', "accounts/111122223333/tags", "type", id="nested"
        ),
        pytest.param("{}\n", "", "required", id="nothing at all"),
    ],
)
def test_what_the_loader_refuses_the_schema_refuses_at_the_same_place(text, place, keyword, folder):
    assert loaded(text, folder) != ()
    assert (place, keyword) in told(text)


def test_only_words_that_readers_of_yaml_disagree_about_are_refused_by_the_loader_alone(folder):
    text = 'accounts: {"111122223333": {internal: no}}\n'
    assert {problem.code for problem in loaded(text, folder)} == {"E004"}
    assert told(text) == []


def test_a_new_folder_s_directory_names_its_schema():
    files = contents("1.0")
    modeline = files["rules/accounts.yaml"].splitlines()[0]
    assert modeline == "# yaml-language-server: $schema=../schema/accounts.schema.json"
    assert json.loads(files["schema/accounts.schema.json"]) == SCHEMA
