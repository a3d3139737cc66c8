"""`hubtriage.toml`: found from below, read with places, and never half believed."""

from pathlib import Path

import pytest

from hubtriage.settings.configuration import Configuration, configuration_of, setting_names
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import (
    COMMAND_KEYS,
    MOST_BYTES,
    NAME,
    VARIABLE,
    find_project,
    read_project,
)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)


def write(text: str, folder: Path = Path()) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    return path


def configured(text: str, **context: object) -> Configuration:
    found = read_project(write(text))
    return configuration_of(found, {f"hubtriage:{name}": value for name, value in context.items()})


def problems(text: str, **context: object) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        configured(text, **context)
    return [problem.partition("\n")[0] for problem in raised.value.problems]


# Where it is


def test_the_nearest_one_above_counts() -> None:
    write('stack-name = "outer"')
    inner = write('stack-name = "inner"', Path("a"))
    below = Path("a/b/c")
    below.mkdir(parents=True)
    found = find_project(below)
    assert found is not None
    assert (found.path, found.settings) == (inner.resolve(), {"stack-name": "inner"})


def test_what_is_above_the_repository_is_not_its_own() -> None:
    write('stack-name = "outer"')
    repository = Path("a")
    (repository / ".git").mkdir(parents=True)
    (repository / "rules").mkdir()
    assert find_project(repository / "rules") is None
    write('stack-name = "inner"', repository)
    assert find_project(repository / "rules") is not None


def test_the_environment_names_another_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    write('stack-name = "here"')
    named = write('stack-name = "there"', Path("elsewhere"))
    monkeypatch.setenv(VARIABLE, str(named))
    found = find_project(Path())
    assert found is not None
    assert found.settings == {"stack-name": "there"}
    monkeypatch.setenv(VARIABLE, "")
    assert find_project(Path()) is None
    monkeypatch.setenv(VARIABLE, "missing.toml")
    with pytest.raises(ConfigurationError, match=r"missing\.toml: there is no such file"):
        find_project(Path())


# What it says


def test_values_are_those_of_the_context_in_toml_s_own_types() -> None:
    text = """
        stack-name = "triage"
        home-region = "eu-central-1"
        linked-regions = ["eu-west-1", "us-east-1"]
        allow-empty = true
        batch-size = 200
        calls-per-second = 2.5
        tags = {team = "security", cost-center = "42"}
        never = ["Severity.Label"]
    """
    assert configured(text) == Configuration(
        stack_name="triage",
        home_region="eu-central-1",
        linked_regions=("eu-west-1", "us-east-1"),
        allow_empty=True,
        batch_size=200,
        calls_per_second=2.5,
        tags=("team=security", "cost-center=42"),
        never=("Severity.Label",),
        rules=Path("rules"),
    )


def test_paths_are_relative_to_its_folder() -> None:
    found = read_project(write('rules = "mine"\nfindings = "try.json"', Path("a")))
    assert configuration_of(found, {}).rules == Path("a/mine")
    assert found.commands == {"findings": str(Path("a/try.json"))}


def test_rules_that_it_does_not_name_are_in_its_folder_too() -> None:
    found = read_project(write("", Path("a")))
    assert configuration_of(found, {}).rules == Path("a/rules")
    assert configuration_of(found, {"hubtriage:rules": "b"}).rules == Path("b"), (
        "the context's is where CDK runs"
    )
    assert configuration_of(None, {}).rules == Path("rules")


def test_the_context_wins() -> None:
    assert configured(
        'stack-name = "file"\nlog-level = "DEBUG"', **{"stack-name": "context"}
    ) == Configuration(stack_name="context", log_level="DEBUG")


# What is wrong with it


def test_each_wrong_value_is_told_with_its_line() -> None:
    text = '# ours\nstackname = "x"\n\nbatch-size = 0\n[tags]\n"aws:x" = "1"\n'
    assert problems(text) == [
        "hubtriage.toml:4: batch-size: Input should be greater than or equal to 1, not 0",
        "hubtriage.toml:5: tags: AWS reserves tags that start with aws:, so 'aws:x=1' cannot be one",
        "hubtriage.toml:2: stackname: there is no such setting",
    ]


def test_a_value_that_the_context_replaces_is_blamed_there() -> None:
    assert problems("batch-size = 0", **{"batch-size": "many"})[0].startswith(
        "context hubtriage:batch-size: "
    )
    assert configured("batch-size = 0", **{"batch-size": "5"}).batch_size == 5


def test_a_conflict_is_told_with_the_line_of_the_first_setting() -> None:
    (problem,) = problems("log-level = 'INFO'\nreserved-concurrency = 2\nmaximum-concurrency = 3")
    assert problem.startswith("hubtriage.toml:2: reserved-concurrency 2 is below maximum-concurrency 3")


def test_the_name_that_is_meant_is_written_as_in_the_file() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean stack-name\?"):
        configured('stackname = "x"')
    with pytest.raises(ConfigurationError, match=r"did you mean findings\?"):
        configured('findigns = "x"')


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a = \n", "hubtriage.toml:1:5: not valid TOML: Invalid value", id="no value"),
        pytest.param("\n\na 1", "hubtriage.toml:3:3: not valid TOML: ", id="no equals sign"),
        pytest.param("a = 1\na = 2", "hubtriage.toml:2: not valid TOML: Cannot overwrite", id="twice"),
        pytest.param("a = " + "[" * 5000, "hubtriage.toml", id="nested without end"),
        pytest.param("findings = 3", "hubtriage.toml:1: findings: write a text", id="a number for a path"),
        pytest.param("\nprofile = ''", "hubtriage.toml:2: profile: write a text", id="an empty profile"),
        pytest.param("#" * (MOST_BYTES + 1), "larger than", id="too large"),
    ],
)
def test_what_is_no_toml_is_one_line_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_project(write(text))
    assert problem in str(raised.value)


def test_other_bytes_than_utf_8_are_refused() -> None:
    Path(NAME).write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigurationError, match="not in UTF-8"):
        read_project(Path(NAME))


def test_no_key_means_two_things() -> None:
    assert not set(COMMAND_KEYS) & set(setting_names())
