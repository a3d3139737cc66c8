"""The page about all commands, made of their own help: `make cli-docs` writes it."""

from collections.abc import Iterator
from pathlib import Path

import click

from hubtriage.cli.main import COMMANDS, cli

PAGE = Path("docs/cli.md")
_WIDTH = 100
_HEAD = """\
# Commands

What `hubtriage COMMAND --help` says. This page is generated.

- **Results** go to standard output. Progress, notes, counts of what is written, and errors go to standard
  error. `--json` gives what programs can rely on.
- **Exit codes** are the same for the same mistake in every command; they are listed first below. An error
  is one line that begins with `Error:`; a line `hint:` may follow. Rules with errors end a command with 1.
  `diff` alone ends with 2 then, because its 1 means that findings change.
- **`-q`** prints only results, errors and what fails. `lint` shows its problems, `test` the tests that
  failed, and `doctor` what is not ok.
- **`-v`** prints more: `test` also names the tests that passed. Commands that talk to AWS name each call on
  standard error, with its answer and its duration; they show no progress then.
- **Colours** appear on a terminal only. `--color` counts more than `NO_COLOR`, and that more than
  `FORCE_COLOR`. `TERM=dumb` has neither colours nor progress. What comes from findings and rules never
  reaches the terminal as a control character.
- **Widths**: on a terminal, tables and texts wrap at words, and source lines are cut to its width, with `…`
  where something is left out. Where output is not a terminal, each row is one line, whatever `COLUMNS` says;
  source lines are cut at 160 columns, and cells of tables at 60.
- **Encodings**: documents for programs are UTF-8. In texts, a character that the terminal's encoding lacks
  becomes a plainer one, or its number.
- `python -m hubtriage` is the same as `hubtriage`.
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
