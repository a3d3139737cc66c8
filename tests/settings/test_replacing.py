"""That rules may be replaced is said for one deployment, on CDK's command line, and stands in no file."""

import json
from pathlib import Path

import pytest

from hubtriage.settings.configuration import configuration_of
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import read_project
from hubtriage.settings.replacing import KEY, replacing

OTHER = {"hubtriage:stack-name": "blue", "@aws-cdk/core:flag": True}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.mark.parametrize(
    ("context", "said"),
    [
        pytest.param({}, False, id="not said"),
        pytest.param({KEY: "true"}, True, id="as CDK hands it on"),
        pytest.param({KEY: True}, True, id="a value of JSON"),
        pytest.param({KEY: "false"}, False, id="denied"),
    ],
)
def test_said_on_the_command_line(tmp_path: Path, context: dict[str, object], said: bool) -> None:
    assert replacing({**OTHER, **context}, tmp_path) == (said, OTHER)


def test_something_else_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="neither true nor false"):
        replacing({KEY: "ture"}, tmp_path)


@pytest.mark.parametrize("value", ["true", "false"])
@pytest.mark.parametrize("name", ["cdk.json", "cdk.context.json", "../home/.cdk.json"])
def test_a_file_that_says_it_is_refused(tmp_path: Path, name: str, value: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    content = {KEY: value}
    document = content if name == "cdk.context.json" else {"context": content}
    (folder / name).write_text(json.dumps(document))
    with pytest.raises(ConfigurationError) as error:
        replacing({KEY: value}, folder)
    assert Path(name).name in str(error.value)
    assert "hubtriage deploy --replace" in str(error.value)


@pytest.mark.parametrize("text", ["[", "[]", '{"context": []}'])
def test_a_file_that_cdk_could_not_read_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "cdk.json").write_text(text)
    (tmp_path / "cdk.context.json").write_text(text)
    assert replacing({}, tmp_path) == (False, {})


def test_hubtriage_toml_that_says_it_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "hubtriage.toml"
    path.write_text('stack-name = "blue"\nreplace = true\n')
    with pytest.raises(ConfigurationError) as error:
        configuration_of(read_project(path), {})
    assert "hubtriage.toml:2: replace: this is no setting" in str(error.value)
    assert "hubtriage deploy --replace" in str(error.value)
