"""Targets of `hubtriage.toml`: what each says in place of the top, and that none is ever chosen by itself."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.settings.configuration import (
    Configuration,
    configuration_of,
    configurations_of,
    setting_names,
)
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import NAME, TARGETS, ProjectFile, TargetTable, read_project
from hubtriage.settings.targets import VARIABLE, NoTargetError
from hubtriage.settings.toml_lines import key_lines, line_of
from tests.support.examples import examples

TOML = """\
stack-name = "triage"
home-region = "eu-central-1"
log-level = "DEBUG"
tags = {team = "security"}
profile = "security"

[target.prod-eu]
account = "111122223333"
profile = "prod"

[target.govcloud]
account = "444455556666"
home-region = "us-gov-west-1"
rules = "gov"
[target.govcloud.tags]
team = "gov"
"""


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)


def project(text: str = TOML) -> ProjectFile:
    Path(NAME).write_text(text, encoding="utf-8")
    return read_project(Path(NAME))


def of_target(name: str, text: str = TOML, **context: object) -> Configuration:
    given = {f"hubtriage:{key.replace('_', '-')}": value for key, value in context.items()}
    return configuration_of(project(text), {"hubtriage:target": name, **given})


def problems(text: str, context: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        configurations_of(project(text), context or {})
    return [problem.partition("\n")[0] for problem in raised.value.problems]


# What a target says


def test_its_values_are_in_place_of_those_at_the_top_and_the_others_hold_for_it_too() -> None:
    both = {"stack_name": "triage", "log_level": "DEBUG"}
    assert of_target("prod-eu") == Configuration(
        **both,
        account="111122223333",
        home_region="eu-central-1",
        tags=("team=security",),
        rules=Path("rules"),
    )
    assert of_target("govcloud") == Configuration(
        **both,
        account="444455556666",
        home_region="us-gov-west-1",
        tags=("team=gov",),
        rules=Path("gov"),
    )


def test_what_is_for_commands_alone_is_overridden_likewise() -> None:
    found = project()
    assert found.commands_for(found.targets["prod-eu"])["profile"] == "prod"
    assert found.commands_for(found.targets["govcloud"])["profile"] == "security"


def test_the_context_wins_over_the_target() -> None:
    assert of_target("govcloud", log_level="ERROR", rules="mine").log_level == "ERROR"
    assert of_target("govcloud", rules="mine").rules == Path("mine"), "the context's is where CDK runs"


SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "account": st.sampled_from(["111122223333", "444455556666"]),
    "home-region": st.sampled_from(["eu-central-1", "us-gov-west-1"]),
    "log-level": st.sampled_from(["DEBUG", "ERROR"]),
    "breaker-limit": st.integers(1, 9),
    "tags": st.sampled_from([["a=1"], ["b=2", "c=3"], []]),
    "allow-empty": st.booleans(),
    "rules": st.sampled_from(["ours", "theirs"]),
}
SOME = st.fixed_dictionaries({}, optional=SETTINGS)
WHERE = {"account": "999999999999", "home-region": "sa-east-1"}


@given(top=SOME, own=SOME, other=SOME, context=SOME)
@examples(100)
def test_each_setting_is_that_of_the_context_else_of_the_target_else_of_the_top(
    top: dict[str, Any], own: dict[str, Any], other: dict[str, Any], context: dict[str, Any]
) -> None:
    targets = {
        "mine": TargetTable("mine", own, {}),
        "other": TargetTable("other", {**other, "stack-name": "another"}, {}),
    }
    found = ProjectFile(Path("folder", NAME), {**WHERE, **top}, {}, {}, targets)
    given_values = {f"hubtriage:{name}": value for name, value in context.items()}
    config = configuration_of(found, {"hubtriage:target": "mine", **given_values})
    merged = {**WHERE, **top, **own, **context}
    expected = Configuration.from_context({f"hubtriage:{name}": value for name, value in merged.items()})
    folder = Path() if "rules" in context else Path("folder")
    assert config == expected.model_copy(update={"rules": folder / expected.rules})
    flat = ProjectFile(Path("folder", NAME), {**WHERE, **top, **own}, {}, {}, {})
    assert config == configuration_of(flat, given_values), "a target says what a file of its own would say"


# Which one counts


def test_none_counts_by_itself_not_even_a_single_one() -> None:
    for text in (TOML, TOML[: TOML.index("[target.govcloud]")]):
        with pytest.raises(NoTargetError, match=r"hubtriage\.toml has targets, and none is chosen: prod-eu"):
            configuration_of(project(text), {})


def test_the_environment_names_one_and_nothing_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "govcloud")
    assert configuration_of(project(), {}).account == "444455556666"
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(NoTargetError):
        configuration_of(project(), {})


def test_one_that_is_left_in_the_environment_contradicts_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "govcloud")
    with pytest.raises(NoTargetError, match="names the target 'prod-eu', and HUBTRIAGE_TARGET names 'govcl"):
        of_target("prod-eu")
    assert of_target("govcloud").account == "444455556666"


@pytest.mark.parametrize("name", ["prod-eu2", "Prod-EU", "PROD_EU", "prod"])
def test_a_misspelt_one_is_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoTargetError, match=r"did you mean prod-eu\?"):
        of_target(name)
    monkeypatch.setenv(VARIABLE, name)
    with pytest.raises(NoTargetError, match=f"HUBTRIAGE_TARGET: '{name}': hubtriage.toml has no such target"):
        configuration_of(project(), {})


@pytest.mark.parametrize("name", ["", "nothing-like-it", 7, None, ["prod-eu"]])
def test_what_is_no_name_of_one_is_refused(name: object) -> None:
    with pytest.raises(NoTargetError):
        configuration_of(project(), {"hubtriage:target": name})


def test_a_target_is_refused_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "prod-eu")
    with pytest.raises(NoTargetError, match="leave HUBTRIAGE_TARGET out"):
        configuration_of(project('stack-name = "x"'), {})
    with pytest.raises(NoTargetError, match=r"there is no hubtriage\.toml"):
        configuration_of(None, {})


def test_a_file_without_targets_needs_no_choice() -> None:
    assert configuration_of(project('stack-name = "x"'), {}).stack_name == "x"
    assert list(configurations_of(project('stack-name = "x"'), {})) == [None]


# What is wrong with them


def test_each_wrong_value_is_told_with_the_line_in_its_table() -> None:
    text = TOML + 'accuont = "1"\n[target.govcloud.nothing]\n[target.test]\n batch-size = 0\naccount="1"\n'
    found = problems(text.replace("[target.govcloud.tags]", '[target.govcloud.tags]\n"aws:x"="1"'))
    reserved = "AWS reserves tags that start with aws:, so 'aws:x=1' cannot be one"
    assert found == [
        f"hubtriage.toml:15: target.govcloud.tags: {reserved}",
        "hubtriage.toml:19: target.govcloud.nothing: there is no such setting",
        "hubtriage.toml:22: target.test.account: '1' does not have the expected form",
        "hubtriage.toml:21: target.test.batch-size: Input should be greater than or equal to 1, not 0",
    ]


def test_a_misspelt_key_says_what_was_meant() -> None:
    with pytest.raises(ConfigurationError, match=r":8: target\.a\.acount.*\n  hint: did you mean account\?"):
        configurations_of(project("\n" * 6 + '[target.a]\nacount = "111122223333"\n'), {})


def test_a_wrong_value_at_the_top_is_told_once() -> None:
    assert problems("batch-size = 0\n" + TOML) == [
        "hubtriage.toml:1: batch-size: Input should be greater than or equal to 1, not 0"
    ]


def test_values_that_contradict_each_other_are_told_where_the_target_has_one() -> None:
    text = "maximum-concurrency = 5\n" + TOML.replace('rules = "gov"', "reserved-concurrency = 2")
    (problem,) = problems(text)
    assert problem.startswith("hubtriage.toml:15: reserved-concurrency 2 is below maximum-concurrency 5")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param('target = "prod"', "hubtriage.toml:1: target: is not a table", id="a text"),
        pytest.param("[[target]]\naccount='1'", "target: is not a table", id="a list of tables"),
        pytest.param("[target]\nprod = 1", ":2: target.prod: is not a table", id="a number for a table"),
        pytest.param("\n[target.Prod]", "'Prod' cannot be the name of a target", id="capitals"),
        pytest.param('[target."a b"]', "'a b' cannot be the name of a target", id="a blank"),
        pytest.param('[target."\\u001b[2J"]', r"'\x1b[2J' cannot be", id="what controls a terminal"),
        pytest.param('[target."../x"]', "'../x' cannot be", id="a path"),
        pytest.param('[target."-x"]', "'-x' cannot be", id="what looks like an option"),
        pytest.param("[target.a]\nprofile = ''", ":2: target.a.profile: write a text", id="an empty profile"),
        pytest.param("[targets.a]", "targets: there is no such setting", id="a misspelt table"),
    ],
)
def test_what_is_no_target_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        configurations_of(project(text), {})
    assert problem in str(raised.value)


def test_a_misspelt_table_says_what_was_meant() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean target\?"):
        configurations_of(project("[targets.a]"), {})


@pytest.mark.parametrize(
    ("settings", "lacks"),
    [
        pytest.param('account = "111122223333"', "home-region or regions", id="no Region"),
        pytest.param('regions = ["eu-west-1"]', "account", id="no account"),
    ],
)
def test_credentials_never_choose_the_hub_of_a_target(settings: str, lacks: str) -> None:
    (problem,) = problems(f"log-level = 'INFO'\n[target.a]\n{settings}")
    assert problem == (
        f"hubtriage.toml:2: target.a: has no {lacks}: the AWS credentials would choose the hub"
    )


def two(first: str, second: str) -> str:
    return f'account = "111122223333"\n[target.a]\n{first}\n[target.b]\n{second}\n'


def test_two_targets_never_go_to_one_stack() -> None:
    assert problems(two('regions = ["eu-west-1", "eu-west-2"]', 'home-region = "eu-west-2"'))[0] == (
        "hubtriage.toml:4: target.b: goes to stack hubtriage of account 111122223333 in eu-west-2, as target "
        "a does"
    )


def test_nor_do_they_triage_a_finding_twice_without_saying_so_by_another_name() -> None:
    aggregated = two('home-region = "eu-west-1"', 'regions = ["eu-west-2"]')
    assert "the findings of eu-west-2 would be triaged twice: by target b" in problems(aggregated)[0]
    assert "by target a" in problems(two('regions = ["eu-west-2"]', 'home-region = "eu-west-1"'))[0]
    for second in (
        'regions = ["eu-west-2"]\nstack-name = "another"',
        'regions = ["eu-west-2"]\naccount = "444455556666"',
    ):
        configurations_of(project(two('home-region = "eu-west-1"', second)), {})
    some = 'home-region = "eu-west-1"\nlinked-regions = ["eu-west-3"]'
    configurations_of(project(two(some, 'regions = ["eu-west-2"]')), {})


@pytest.mark.parametrize(
    ("top", "second", "problem"),
    [
        pytest.param(
            'ledger-table = "shared"', "", "has the ledger shared in eu-west-1, as target a", id="one ledger"
        ),
        pytest.param(
            "",
            'ledger-table = "hubtriage-ledger"',
            "has the ledger hubtriage-ledger in",
            id="the other's ledger",
        ),
        pytest.param(
            'hand-back-action = "mine"',
            "",
            "creates the Custom Action mine in eu-west-1",
            id="one Custom Action",
        ),
    ],
)
def test_two_stacks_on_one_hub_share_nothing(top: str, second: str, problem: str) -> None:
    text = f'{top}\nhome-region = "eu-west-1"\n' + two("", f'stack-name = "another"\n{second}')
    assert problem in problems(text)[0]
    elsewhere = text.replace("[target.b]", '[target.b]\nhome-region = "eu-west-2"')
    configurations_of(project(elsewhere), {})


def test_two_stacks_on_one_hub_are_possible() -> None:
    text = 'home-region = "eu-west-1"\n' + two("", 'stack-name = "another"')
    assert len(configurations_of(project(text), {})) == 2


def test_the_context_does_not_lead_a_target_to_the_stack_of_another() -> None:
    context = {"hubtriage:target": "prod-eu", "hubtriage:account": "444455556666"}
    assert problems(TOML, context | {"hubtriage:home-region": "us-gov-west-1"})[0].startswith(
        "hubtriage.toml:11: target.govcloud: goes to stack triage of account 444455556666"
    )


def test_no_setting_has_the_name_of_the_table() -> None:
    assert TARGETS not in setting_names()


# Lines


def test_lines_are_known_however_keys_are_written() -> None:
    text = '\n[ target . "a" ] # here\n"b" = 1\n  \'c\'.d = 2\n[target.e.f]\ng = 1\n[x]\nb = 3\n'
    lines = key_lines(text)
    assert lines == {
        ("target",): 2,
        ("target", "a"): 2,
        ("target", "a", "b"): 3,
        ("target", "a", "c"): 4,
        ("target", "a", "c", "d"): 4,
        ("target", "e"): 5,
        ("target", "e", "f"): 5,
        ("target", "e", "f", "g"): 6,
        ("x",): 7,
        ("x", "b"): 8,
    }
    assert line_of(("target", "a", "inline", "key"), lines) == 2
    assert line_of(("nowhere",), lines) == 1


NAMES = st.sampled_from(["a", "b-c", "target", "x y", "1", "a.b"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
WRITTEN = st.lists(st.tuples(PATHS, st.integers(0, 2)), min_size=1, max_size=6)


@given(written=WRITTEN, data=st.data())
@examples(200)
def test_the_line_of_a_key_is_that_in_which_it_stands(
    written: list[tuple[tuple[str, ...], int]], data: st.DataObject
) -> None:
    """Below a table, with dots, in either kind of quotes: wherever the reader of TOML finds a key."""

    def key(path: tuple[str, ...]) -> str:
        quotes = st.sampled_from(['"', "'"])
        plain = re.compile(r"[A-Za-z0-9_-]+")
        bare = [each for each in path if plain.fullmatch(each)]
        return " . ".join(
            each if each in bare and data.draw(st.booleans()) else f"{(q := data.draw(quotes))}{each}{q}"
            for each in path
        )

    lines, places = [], {}
    for path, depth in written:
        depth = min(depth, len(path) - 1)
        if depth or lines:
            lines.append(f"[{key(path[:depth])}]" if depth else "")
        if not depth and any(line.startswith("[") for line in lines):
            continue  # it would belong to the table above
        lines.append(f"{key(path[depth:])} = 1 # [not.a.table] nor = a key")
        places[path] = len(lines)
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return
    found = key_lines("\n".join(lines))
    assert {path: found[path] for path in places} == places


def test_targets_may_stand_in_one_line_each() -> None:
    text = 'home-region="eu-west-1"\n[target]\na = {account="111122223333"}\nb.account = "444455556666"\n'
    configs = configurations_of(project(text), {})
    assert {name: config.account for name, config in configs.items()} == {
        "a": "111122223333",
        "b": "444455556666",
    }
    assert problems(text.replace("444455556666", "x")) == [
        "hubtriage.toml:4: target.b.account: 'x' does not have the expected form"
    ]
