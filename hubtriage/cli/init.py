"""`hubtriage init`: a working folder for one's own rules."""

from importlib.metadata import version
from pathlib import Path

import click

from hubtriage.authoring.newfolder import ExistingFilesError, write


@click.command(name="init")
@click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> None:
    """Begin a folder for your own rules: a rule, findings to try it on, checks for pull requests.

    FOLDER is the present one unless said. Files that are there are never overwritten.

    Exit codes: 0; 2 wrong usage, or one of the files is there already (nothing is written).
    """
    try:
        written = write(folder, version("hubtriage"))
    except ExistingFilesError as error:
        for path in error.files:
            click.echo(f"{path} is there already", err=True)
        click.echo("Error: nothing was written; choose another folder", err=True)
        raise SystemExit(2) from error
    for path in written:
        click.echo(path)
    here = "" if folder == Path() else f"cd {folder}, then "
    click.echo(f"next: {here}hubtriage lint, hubtriage test, hubtriage backtest findings")
