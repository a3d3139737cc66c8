"""What a person sees of the output: colours, the width of the terminal, and whether notes are wanted.

Colours and the width depend on where an output goes. A program that reads it always gets the same lines:
without colours, and never cut to a width.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

COLOURS = ("auto", "always", "never")
_QUIET = "hubtriage.quiet"
_VERBOSE = "hubtriage.verbose"
_USUAL_WIDTH = 80
_NARROWEST = 20


def colour_of(choice: str, environment: Mapping[str, str] = os.environ) -> bool | None:
    """Return whether output is coloured; None where that depends on each stream: on a terminal it is.

    What is asked for counts more than NO_COLOR, that more than FORCE_COLOR. An empty variable says nothing.
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return False if environment.get("TERM") == "dumb" else None


def colour() -> bool | None:
    """Return what `colour_of` said of the command that runs, or says without one."""
    context = click.get_current_context(silent=True)
    return colour_of("auto") if context is None else context.find_root().color


def is_terminal(stream: IO[Any] | None) -> bool:
    """Say whether a person looks at a stream, whatever colours it is to have."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def is_animated(stream: IO[Any] | None) -> bool:
    """Say whether something may move on a stream: not among the lines of --verbose."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb" and not (is_quiet() or is_verbose())


def width_of(stream: IO[Any]) -> int | None:
    """Return how many columns a stream has; None where no one looks at it, so that no line is too long."""
    if not is_terminal(stream):
        return None
    given = os.environ.get("COLUMNS", "")
    try:
        columns = int(given) if given.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return max(columns, _NARROWEST) if columns else _USUAL_WIDTH


def at_words(line: str, width: int) -> str:
    """Return a line, with colours, as lines of so many columns: broken at blanks, the others indented more.

    What is wider than a line by itself, such as an ARN, stays where it is: the terminal breaks it, and it
    can still be copied.
    """
    from rich.cells import cell_len

    plain = click.unstyle(line)
    if cell_len(plain) <= width:
        return line
    indent = " " * min(len(plain) - len(plain.lstrip()) + 2, width // 2)
    first, *words = line.split(" ")
    broken, used = first, cell_len(click.unstyle(first))
    for word in words:
        cells = cell_len(click.unstyle(word))
        if used + 1 + cells > width and cells <= width - len(indent) and word:
            broken, used = f"{broken.rstrip(' ')}\n{indent}{word}", len(indent) + cells
        else:
            broken, used = f"{broken} {word}", used + 1 + cells
            used = used if used <= width else used % width
    return broken


def print_lines(lines: Iterable[str], stream: IO[Any] | None = None) -> None:
    """Print lines on a stream, standard output by default; on a terminal they are broken at words."""
    stream = stream or sys.stdout
    width = width_of(stream)
    for line in lines:
        click.echo(line if width is None else at_words(line, width), file=stream, color=colour())


def console(stream: IO[Any]) -> "Console":
    """Return what rich writes with, with our colours and width; 120 columns where no one looks."""
    from rich.console import Console  # it takes long to import, and few commands use it

    wanted = colour()
    coloured = is_terminal(stream) if wanted is None else wanted
    return Console(
        file=stream,
        highlight=False,
        width=width_of(stream) or 120,
        force_terminal=is_animated(stream) or coloured,
        force_interactive=is_animated(stream),
        color_system="standard" if coloured else None,
    )


def set_quiet(context: click.Context) -> None:
    """Leave out notes from now on."""
    context.find_root().meta[_QUIET] = True


def is_quiet() -> bool:
    """Say whether only results and errors are wanted."""
    return _said(_QUIET)


def set_verbose(context: click.Context) -> None:
    """Show details from now on."""
    context.find_root().meta[_VERBOSE] = True


def is_verbose() -> bool:
    """Say whether details are wanted, too."""
    return _said(_VERBOSE)


def _said(name: str) -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().meta.get(name))


def note(text: str) -> None:
    """Print what is neither a result nor an error on standard error, unless --quiet was given."""
    if not is_quiet():
        click.echo(text, err=True)
