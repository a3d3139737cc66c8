"""The page about all commands, made of their own help: `make cli-docs` writes it."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from hubtriage.cli.main import COMMANDS, cli

PAGE = Path("docs/cli.md")
_WIDTH = 100
_HEAD = """\
# Commands

What `hubtriage COMMAND --help` says. Text for people goes to standard output, progress and errors to standard
error; `--json` gives what programs can rely on. This page is generated.
"""


def reference() -> str:
    """Return the page."""
    sections = [_section(cli, "hubtriage")]
    for name, module in COMMANDS.items():
        command: click.Command = import_module(module).command
        sections += _sections(command, f"hubtriage {name}")
    return "\n".join([_HEAD, *sections])


def _sections(command: click.Command, name: str) -> Iterator[str]:
    yield _section(command, name)
    if isinstance(command, click.Group):
        for inner_name, inner in sorted(command.commands.items()):
            yield from _sections(inner, f"{name} {inner_name}")


def _section(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH)
    context.help_option_names = ["-h", "--help"]
    return f"## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
