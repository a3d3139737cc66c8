"""Problems of rule files as people read them, in a terminal of any width."""

import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any

import click

from hubtriage.authoring.excerpt import WIDTH, excerpt, printable
from hubtriage.authoring.problems import Problem, Severity
from hubtriage.cli.terminal import at_words, note, width_of
from hubtriage.cli.text import counted

_INDENT = "    "
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def problem_lines(problem: Problem, stream: IO[Any]) -> Iterator[str]:
    """Yield the lines of `Problem.render` in colours, with a source line that fits the stream."""
    colour = _COLOURS[problem.severity]
    place = f"{problem.file}:{problem.position.line}:{problem.position.column}"
    code = click.style(problem.code, fg=colour, bold=True)
    columns = width_of(stream)
    first = f"{click.style(printable(place), bold=True)}: {code} {printable(problem.message)}"
    yield at_words(first, columns) if columns else first
    if problem.source.strip():
        width = (columns or WIDTH + len(_INDENT)) - len(_INDENT)
        source, caret = excerpt(problem.source, problem.position.column, width)
        yield _INDENT + source
        yield _INDENT + caret[:-1] + click.style("^", fg=colour, bold=True)
    if problem.hint:
        hint = f"  {click.style('hint:', fg='cyan')} {printable(problem.hint)}"
        yield at_words(hint, columns) if columns else hint


def print_errors(problems: Iterable[Problem]) -> None:
    """Print what is wrong with rule files on standard error, then how many errors there are."""
    files: list[str] = []
    for problem in problems:
        click.echo("\n".join(problem_lines(problem, sys.stderr)), err=True)
        files.append(problem.file)
    count = click.style(counted(len(files), "error"), fg="red", bold=True)
    note(f"{count} in {counted(len(set(files)), 'file')}")
