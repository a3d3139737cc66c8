"""`hubtriage init`: a rules repository to begin with."""

from importlib.metadata import version
from pathlib import Path

import click

from hubtriage.authoring.new_folder import write
from hubtriage.cli.locations import Location
from hubtriage.cli.terminal import note


@click.command(name="init")
@click.argument("folder", default=".", type=Location(path_type=Path, file_okay=False))
def command(folder: Path) -> None:
    """Create a rules repository.

    It has a rule, findings to try it on, and checks for pull requests. FOLDER is the current one by
    default. Existing files stay as they are, and if there are rules already, none is added.

    Exit codes: 0; 2 wrong usage.
    """
    begun = write(folder, version("hubtriage"))
    for path in begun.written:
        note(str(path))
    for path in begun.left:
        there = "there already, left as it is" if path.exists() else "not written: there are rules already"
        note(f"{path}  ({there})")
    here = "" if folder == Path() else f"cd {folder}, then "
    note(f"next: {here}hubtriage lint, hubtriage test, hubtriage backtest findings")
