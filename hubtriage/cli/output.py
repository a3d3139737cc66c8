"""Files that commands write, and texts for programs."""

import errno
from pathlib import Path

import click

from hubtriage.cli.failure import fail_on


def write_file(path: Path, content: str) -> None:
    """Write a text as UTF-8; make the folders that are missing. End the command with 2 if that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        fail_on(error.filename or path, error)


def demand_absent(path: Path, hint: str) -> None:
    """End the command with 2 if there is a file already that it would replace."""
    if path.exists():
        fail_on(path, FileExistsError(errno.EEXIST, ""), hint)


def print_document(content: str) -> None:
    """Print a text for programs: as UTF-8, whatever the encoding of the terminal."""
    click.echo(content.encode(), nl=False)
