"""How a command ends if it cannot do its work: a line that says what is wrong, and an exit code."""

from typing import NoReturn

import click


def fail(problem: str, hint: str = "", *, exit_code: int = 1) -> NoReturn:
    """End the command: print what is wrong and, with a hint, what to do about it."""
    click.echo(f"Error: {problem}" + (f"\n  hint: {hint}" if hint else ""), err=True)
    raise SystemExit(exit_code)
