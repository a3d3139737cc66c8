"""`hubtriage findings`: export the findings of a hub with their entries of the ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hubtriage.aws.clock import SystemClock
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail, fail_on
from hubtriage.cli.inputs.exporting import Beginning, export_lines, export_to
from hubtriage.cli.inputs.files.part_file import Cursor, PartError, part_of
from hubtriage.cli.inputs.hub import WITHOUT, ExportError
from hubtriage.cli.inputs.live import hub_from_here, shows, table_from_here
from hubtriage.cli.inputs.live_options import filters_of, filters_options
from hubtriage.cli.locations import Location
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted

LEFT_OUT = "left out: nested too deep to be parsed"
RESUME = "the same command with --resume continues from there"
_STREAM = Path("-")


@click.command(name="findings")
@click.argument(
    "file", metavar="[FILE]", default="-", type=Location(path_type=Path, dir_okay=False, allow_dash=True)
)
@filters_options()
@deployed_option
@click.option("--without-entries", is_flag=True, help="Do not read the ledger.")
@click.option("--resume", is_flag=True, help="Continue an interrupted export into FILE.")
@click.option("--fresh", is_flag=True, help="Discard an interrupted export into FILE and start again.")
def command(
    file: Path,
    hub: str | None,
    filters: str | None,
    filters_v2: str | None,
    stack: str,
    without_entries: bool,
    resume: bool,
    fresh: bool,
) -> None:
    """Export findings of Security Hub with what triage did to them.

    Nothing is changed. FILE gets one JSON line about the source of the findings, then one for each finding:
    {"finding": ..., "entry": ...}. The entry comes from the ledger; it is null if triage holds nothing on
    the finding. Findings of Security Hub V2 follow the others, in OCSF. A FILE that ends in `.gz` is
    compressed. Without FILE, or for `-`, the lines are printed.

    `plan`, `explain`, `backtest` and `diff` take FILE as FINDINGS, and decide on each finding as the stack
    would. A finding that triage may have changed while it was read is marked as undecidable.

    FILE appears when everything is read. Until then FILE.part and FILE.cursor hold the progress. After
    Ctrl-C, expired credentials or a lost network, run the same command with --resume to continue.

    Exit codes: 0 all is exported; 1 reading stopped before the end; 2 wrong usage, or FILE cannot be written.
    """
    if resume and fresh:
        raise click.UsageError("give --resume or --fresh, not both")
    if file == _STREAM and (resume or fresh):
        raise click.UsageError("--resume and --fresh go with a FILE")
    wanted = filters_of(filters, filters_v2, hub)
    with _failures_shown(file):
        table = None if without_entries else table_from_here(stack)
        if table is None and not without_entries:
            raise ExportError(f"there is no stack {stack} here", f"name it with --stack, or {WITHOUT}")
        query, reader = hub_from_here(stack, table, wanted)
        now, how = SystemClock().now(), Beginning(resume, fresh)
        with progress_bar("reading") as bar:
            if file == _STREAM:
                cursor = export_lines(reader, query, now, _print, shows(bar))
            else:
                cursor = export_to(file, reader, query, now, how, shows(bar))
    note(ending(cursor, file))


@contextmanager
def _failures_shown(file: Path) -> Iterator[None]:
    """End the command with a line that says what went wrong, and what to do about it."""
    try:
        yield
    except PartError as error:
        fail(str(error), error.hint, exit_code=2)
    except ExportError as error:
        fail(str(error), error.hint("" if file == _STREAM else RESUME))
    except OSError as error:
        if file == _STREAM:
            raise
        fail_on(error.filename or file, error, RESUME if part_of(file).exists() else "")
    except KeyboardInterrupt:
        raise KeyboardInterrupt("" if file == _STREAM else RESUME) from None


def _print(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


def ending(cursor: Cursor, file: Path) -> str:
    """Return how an export ended, for people."""
    parts = [f"{counted(cursor.findings, 'finding')} exported" + ("" if file == _STREAM else f" to {file}")]
    parts += [f"{cursor.entries:,} with entries"] if cursor.query["table"] else ["without entries"]
    parts += [f"{cursor.undecidable:,} undecidable"] if cursor.undecidable else []
    parts += [f"{cursor.skipped:,} {LEFT_OUT}"] if cursor.skipped else []
    return ", ".join(parts)
