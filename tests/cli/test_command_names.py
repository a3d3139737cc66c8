"""What `hubtriage --help` says of commands, and what it says of one that does not exist."""

from importlib import import_module

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import COMMANDS, cli, summary


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("lnt", "Error: No such command 'lnt'. Did you mean `lint`?", id="a slip"),
        pytest.param("frobnicate", "Error: No such command 'frobnicate'.", id="nothing like a command"),
    ],
)
def test_the_nearest_command_is_named(name: str, said: str) -> None:
    result = CliRunner().invoke(cli, [name])
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, said)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_the_first_line_of_its_help(name: str) -> None:
    told = summary(COMMANDS[name])
    assert told == import_module(COMMANDS[name]).command.help.split("\n")[0]
    assert told.endswith(".")
    assert len(told) <= 70
    assert told in CliRunner().invoke(cli, ["--help"]).stdout.replace("\n            ", " ")
