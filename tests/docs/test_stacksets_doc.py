"""The page about StackSets: its settings exist, and its commands are right as far as a client can say."""

import re
import shlex

import pytest
from awscli.clidriver import create_clidriver

from hubtriage.packaging.package import CAPABILITY
from hubtriage.packaging.template import BUCKET, DEFAULT_PREFIX
from hubtriage.settings.configuration import setting_names
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "stacksets.md").read_text(encoding="utf-8")
COMMANDS = [
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in re.sub(r" \\\n\s*", " ", block).splitlines()
    if line.strip().startswith("aws ")
]


def test_the_settings_exist() -> None:
    section = PAGE.partition("## Settings\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert len(rows) > 5
    assert set(re.findall(r"`([\w-]+)`", " ".join(rows))) <= set(setting_names())


@pytest.mark.parametrize("command", [each for each in COMMANDS if "cloudformation" in each])
def test_the_aws_cli_knows_the_options(command: str) -> None:
    _, service, name, *options = shlex.split(command)
    operation = create_clidriver()._get_command_table()[service]._get_command_table()[name]
    known = {f"--{option}" for option in operation.arg_table}
    assert {option for option in options if option.startswith("--")} <= known


def test_they_pass_what_the_template_needs() -> None:
    text = "\n".join(COMMANDS)
    assert f"ParameterKey={BUCKET}," in text
    assert f"--capabilities {CAPABILITY} " in text
    assert text.count(f"/{DEFAULT_PREFIX}") >= 3
