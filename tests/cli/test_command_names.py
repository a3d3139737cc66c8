"""A command that does not exist."""

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli


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
