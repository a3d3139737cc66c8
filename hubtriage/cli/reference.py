"""The page about all commands, made of their own help: `make cli-docs` writes it."""

from collections.abc import Iterator
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
    sections = (f"## {name}\n\n```text\n{text}\n```\n" for name, text in help_texts(_WIDTH).items())
    return "\n".join([_HEAD, *sections])


def help_texts(width: int) -> dict[str, str]:
    """Return what `--help` says of each command, the inner ones of groups included, at a width."""
    return dict(_texts(cli, "hubtriage", width))


def _texts(command: click.Command, name: str, width: int) -> Iterator[tuple[str, str]]:
    context = click.Context(command, info_name=name, terminal_width=width, max_content_width=width)
    context.help_option_names = ["-h", "--help"]
    yield name, command.get_help(context).rstrip()
    if command is cli:
        for inner_name in COMMANDS:
            inner = cli.get_command(context, inner_name)
            if inner is not None:
                yield from _texts(inner, f"{name} {inner_name}", width)
    elif isinstance(command, click.Group):
        for inner_name, inner in sorted(command.commands.items()):
            yield from _texts(inner, f"{name} {inner_name}", width)


def main() -> None:
    """Write the page."""
    PAGE.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
