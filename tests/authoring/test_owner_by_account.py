"""What rules leave to the account directory: their owner, and values in their texts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.compiler import compile_ruleset, policy_problems
from hubtriage.authoring.loader import load_rules

Folder = Callable[[Any], Path]
ACCOUNTS = """\
accounts:
  "111122223333": {team: shop, name: shop-prod}
  "444455556666": {team: payments, name: payments-prod}
"""
HIDING = "update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}"
MATCH = "match: {Compliance: {SecurityControlId: [S3.9]}}"


def rule(*parts: str) -> str:
    return "\n    ".join(["rules:\n  - id: a", MATCH, "ticket: SEC-1", *parts]) + "\n"


def problems(folder: Folder, *parts: str, accounts: str = ACCOUNTS) -> list[tuple[str, str, str]]:
    files = {"a.yaml": rule(*parts)} | ({"accounts.yaml": accounts} if accounts else {})
    loaded = load_rules(folder(files))
    found = (*loaded.problems, *warnings(loaded, SAMPLE_NOW))
    return [(one.code, one.message, one.hint) for one in found if one.code not in ("W312", "W304")]


TEXT = "update: {UserDefinedFields: {of: '%s'}}"
FLAWS = [
    pytest.param([TEXT % "{account.team}"], [], id="an attribute in a text"),
    pytest.param([TEXT % "{account.taem}"], ["E302"], id="an attribute that no account has"),
    pytest.param([TEXT % "{account.}"], ["E302"], id="no attribute"),
    pytest.param([TEXT % "{ account.team }"], ["E302"], id="blanks around it"),
    pytest.param([TEXT % "{account}"], [], id="a word in braces stands for itself"),
    pytest.param(["owner: {account: team}", HIDING], [], id="an owner by account"),
    pytest.param(["owner: {account: taem}", HIDING], ["E104"], id="an owner that no account names"),
    pytest.param(["owner: {account: ''}", HIDING], ["E105"], id="a blank attribute"),
    pytest.param(["owner: {acount: team}", HIDING], ["E101"], id="a misspelt key"),
    pytest.param(["owner: {account: team, name: x}", HIDING], ["E101"], id="a key more"),
    pytest.param(["owner: [shop]", HIDING], ["E103"], id="a list of owners"),
    pytest.param(["owner: {account: team}", TEXT % "{rule.owner}"], [], id="the owner in a text"),
]


@pytest.mark.parametrize(("parts", "codes"), FLAWS)
def test_a_flaw(parts: list[str], codes: list[str], folder: Folder) -> None:
    assert [code for code, _message, _hint in problems(folder, *parts)] == codes


@pytest.mark.parametrize("parts", [[TEXT % "{account.taem}"], ["owner: {account: taem}", HIDING]])
def test_an_attribute_that_no_account_has_is_suggested(parts: list[str], folder: Folder) -> None:
    [(_code, message, hint)] = problems(folder, *parts)
    assert message == "no account in the directory has `taem`"
    assert hint == "did you mean `team`?"


@pytest.mark.parametrize("parts", [[TEXT % "{account.team}"], ["owner: {account: team}", HIDING]])
def test_without_a_directory_nothing_can_be_looked_up(parts: list[str], folder: Folder) -> None:
    assert [code for code, *_ in problems(folder, *parts, accounts="")] == ["E206"]


def test_an_account_without_owner_is_named_if_the_rule_suppresses(folder: Folder) -> None:
    lacking = ACCOUNTS + '  "777788889999": {name: x}\n  "888899990000": {team: tbd}\n'
    [(code, message, _hint)] = problems(folder, "owner: {account: team}", HIDING, accounts=lacking)
    assert code == "W306"
    assert message == "suppresses findings, and `team` names no owner for 777788889999, 888899990000"
    assert problems(folder, "owner: {account: team}", TEXT % "x", accounts=lacking) == []


@pytest.mark.parametrize(("count", "codes"), [(100, []), (101, ["W310"])])
@pytest.mark.parametrize("text", ["{account.name}", "{rule.owner}"])
def test_many_values_of_accounts_split_the_calls(
    text: str, count: int, codes: list[str], folder: Folder
) -> None:
    accounts = "accounts:\n" + "".join(f'  "{10**11 + n}": {{name: n{n}}}\n' for n in range(count))
    found = problems(folder, "owner: {account: name}", TEXT % text, accounts=accounts)
    assert [code for code, *_ in found] == codes


def test_the_longest_value_of_an_account_counts_for_the_length_of_a_note(folder: Folder) -> None:
    note = "update: {Note: {Text: '{account.name} " + "x" * 498 + "'}}"
    assert problems(folder, note) == []  # payments-prod has 13 characters
    longer = ACCOUNTS.replace("payments-prod", "payments-prod-1")
    assert [code for code, *_ in problems(folder, note, accounts=longer)] == ["W311"]


def test_an_owner_by_account_is_compiled_as_it_is_also_from_the_defaults(folder: Folder) -> None:
    text = rule("update: {Confidence: 1}") + "defaults: {owner: {account: team}}\n"
    document = compile_ruleset(folder({"a.yaml": text, "accounts.yaml": ACCOUNTS}), revision=None)
    assert document["rules"][0]["owner"] == {"account": "team"}


def test_an_owner_of_the_rule_itself_wins_over_the_defaults(folder: Folder) -> None:
    text = rule("owner: cloud", "update: {Confidence: 1}") + "defaults: {owner: {account: team}}\n"
    document = compile_ruleset(folder({"a.yaml": text, "accounts.yaml": ACCOUNTS}), revision=None)
    assert document["rules"][0]["owner"] == "cloud"


REQUIRED = [
    pytest.param("owner: true", None, id="each account names an owner"),
    pytest.param("owner: [shop, pay*]", None, id="each owner fits"),
    pytest.param("owner: [shop]", "444455556666", id="one does not fit"),
]


@pytest.mark.parametrize(("required", "lacking"), REQUIRED)
def test_a_required_owner_has_to_be_known_for_each_account(
    required: str, lacking: str | None, folder: Folder
) -> None:
    assert policy_codes(folder, f"require: {{{required}}}", ACCOUNTS) == ([lacking] if lacking else [])


def test_accounts_without_a_required_owner_are_named(folder: Folder) -> None:
    more = "".join(f'  "{10**11 + n}": {{name: x}}\n' for n in range(5))
    [said] = policy_codes(folder, "require: {owner: true}", ACCOUNTS + more)
    assert said == "100000000000, 100000000001, 100000000002 and 2 more"


def policy_codes(folder: Folder, said: str, accounts: str) -> list[str]:
    """Return for each problem which accounts it names."""
    policy = f"policy:\n  - id: s\n    description: Because.\n    {said}\n"
    text = rule("owner: {account: team}", HIDING)
    loaded = load_rules(folder({"a.yaml": text, "accounts.yaml": accounts, "policy.yaml": policy}))
    assert loaded.errors == ()
    return [
        one.message.partition(" does not name one for ")[2] for one in policy_problems(loaded, SAMPLE_NOW)
    ]


@pytest.mark.parametrize(("owners", "is_meant"), [("[shop]", True), ("[pay*]", True), ("[cloud]", False)])
def test_a_statement_about_an_owner_speaks_of_a_rule_that_may_have_it(
    owners: str, is_meant: bool, folder: Folder
) -> None:
    said = f"rules: {{owners: {owners}}}\n    require: {{reason: true}}"
    assert bool(policy_codes(folder, said, ACCOUNTS)) is is_meant


@pytest.mark.parametrize(
    ("parts", "subscribed", "named"),
    [
        pytest.param(["owner: shop"], (), None, id="no owner has an address"),
        pytest.param(["owner: shop"], ("shop",), None, id="this one has"),
        pytest.param(["owner: shop"], ("sh*",), None, id="all that begin so have"),
        pytest.param(["owner: shop"], ("payments",), "shop", id="another one has"),
        pytest.param(["owner: {account: team}"], ("shop",), "payments", id="one of the accounts has none"),
        pytest.param(["owner: {account: team}"], ("*",), None, id="all have"),
    ],
)
def test_an_owner_without_an_address_for_notices_is_named(folder, parts, subscribed, named) -> None:
    files = {"a.yaml": rule(*parts, "expires: 2027-12-31", HIDING), "accounts.yaml": ACCOUNTS}
    found = [
        one
        for one in warnings(load_rules(folder(files)), SAMPLE_NOW, tuple, subscribed)
        if one.code == "W319"
    ]
    assert len(found) == (named is not None)
    assert all(str(named) in one.message for one in found)


@pytest.mark.parametrize("parts", [[HIDING], ["expires: 2027-12-31", "update: {Criticality: 70}"]])
def test_a_rule_that_does_not_end_or_hide_needs_no_address(folder, parts) -> None:
    loaded = load_rules(folder({"a.yaml": rule("owner: shop", *parts)}))
    assert "W319" not in {one.code for one in warnings(loaded, SAMPLE_NOW, tuple, ("payments",))}
