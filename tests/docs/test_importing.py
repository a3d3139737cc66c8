"""What docs/importing.md shows is what comes of an import, and what it lists is what there is."""

import re
from pathlib import Path

import click
import pytest

from hubtriage.authoring.loader import load_rules
from hubtriage.cli.commands.rules.export import command as export
from hubtriage.cli.commands.rules.import_ import command as import_
from hubtriage.interop.automation_rules import MOST_RULES
from hubtriage.interop.importers.assemble import KINDS, Options, import_rules
from hubtriage.interop.importers.other_forms import _FORMS
from hubtriage.interop.importers.render import render
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "importing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^```\w+ ([\w-]+)\n(.*?)^```\n\n```yaml imported\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)


def test_every_kind_has_an_example() -> None:
    assert [kind for kind, _source, _expected in EXAMPLES] == list(KINDS)


@pytest.mark.parametrize(("kind", "source", "expected"), EXAMPLES, ids=[kind for kind, *_ in EXAMPLES])
def test_an_example_is_what_comes_of_it(kind: str, source: str, expected: str, tmp_path: Path) -> None:
    found = import_rules(kind, "rules", source.encode(), Options(regions=("all",)))
    assert not found.refusals
    assert render(found.rules) == expected
    (tmp_path / "imported.yaml").write_text(expected, encoding="utf-8")
    assert load_rules(tmp_path).errors == ()


def test_the_example_of_the_accelerator_is_what_comes_of_it() -> None:
    fence = r"^```yaml (source|rule) of accelerator\n(.*?)^```$"
    blocks = dict(re.findall(fence, PAGE, re.MULTILINE | re.DOTALL))
    [command] = [line for line in PAGE.splitlines() if "security-config.yaml --region" in line]
    options = Options(regions=tuple(re.findall(r"--region (\S+)", command)))
    found = import_rules("automation-rules", "rules", blocks["source"].encode(), options)
    assert not found.refusals
    assert render(found.rules) == blocks["rule"]


def test_the_example_of_v2_is_what_comes_of_it() -> None:
    fence = r"^```\w+ (source|rule) of v2\n(.*?)^```$"
    blocks = dict(re.findall(fence, PAGE, re.MULTILINE | re.DOTALL))
    found = import_rules("automation-rules", "rules", blocks["source"].encode(), Options())
    assert not found.refusals
    assert render(found.rules) == blocks["rule"]


def test_every_form_that_is_named_is_in_the_page() -> None:
    words = " ".join(PAGE.partition("## What is not imported")[2].split())
    for form in _FORMS:
        name = form.name.rpartition(" of ")[2]
        assert name.split()[-1] in words or name.split()[0] in words, form.name


def test_the_options_are_explained() -> None:
    for name in ("--override always", "--override never", "--region", "--json"):
        assert f"`{name}" in " ".join(PAGE.split())
    assert own_options(import_) == {"--output", "--force", "--override", "--region", "--json"}
    assert own_options(export) == {"--rules", "--target", "--as", "--hub", "--output", "--json"}
    assert f"AWS allows {MOST_RULES} of them" in PAGE


def own_options(command: click.Command) -> set[str]:
    """The long options of a command, without those that all commands get when one is run."""
    options = {option for one in command.params for option in one.opts if option.startswith("--")}
    return options - {"--color", "--quiet"}
