"""How a command ends: whatever stops it, a person reads a line and a program gets an exit code."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from hubtriage.cli.ending.sigterm import Terminated
from hubtriage.cli.failure import UNUSABLE, CommandError, complain, print_error
from hubtriage.cli.terminal import is_terminal
from hubtriage.cli.text import quoted
from hubtriage.engine.text.system_errors import in_words

STOPPED = 130
"""The exit code after Ctrl-C."""
CLOSED_PIPE = 141
"""The exit code if the reader closes the output before its end, as with other tools: 128 and the number of
SIGPIPE.
"""
TERMINATED = 143
"""The exit code after SIGTERM."""
EXIT_CODES = """\
Exit codes of all commands:

\b
  0    done, without problems
  1    errors, failures or changes, as each command says; or AWS refused
  2    wrong usage, unreadable or unwritable files, or AWS is unreachable
  130  stopped by Ctrl-C
  141  the reader of the output closed it, as in `hubtriage plan ... | head`
  143  stopped by SIGTERM"""


@contextmanager
def ends_in_one_line() -> Iterator[None]:
    """End the process with a line and an exit code if the block raises what is not a fault of the program."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        _say_stopped(str(interrupt))
        raise SystemExit(STOPPED) from None
    except Terminated:
        _say_stopped()
        raise SystemExit(TERMINATED) from None
    except click.Abort as abort:
        raise SystemExit(_aborted(abort)) from None
    except click.UsageError as error:
        _print_usage(error)
        raise SystemExit(error.exit_code) from None
    except CommandError as error:
        raise SystemExit(failed(error)) from None
    except OSError as error:
        raise SystemExit(_system_error(error)) from None


def _say_stopped(how_to_go_on: str = "") -> None:
    if is_terminal(sys.stderr):
        complain("")  # the terminal shows ^C
    complain(f"stopped: {how_to_go_on}" if how_to_go_on else "stopped")


def _aborted(abort: click.Abort) -> int:
    """Say why a question has no answer; return the exit code."""
    cause = abort.__cause__ or abort.__context__
    if isinstance(cause, KeyboardInterrupt):
        _say_stopped()
        return STOPPED
    if isinstance(cause, EOFError):
        complain("")
        print_error("the question got no answer", "answer in a terminal, or give --yes")
        return UNUSABLE
    complain("not confirmed: nothing was done")
    return 1


def _print_usage(error: click.UsageError) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    if error.ctx is not None:
        complain(f"{error.ctx.get_usage()}\nTry `{error.ctx.command_path} --help`.\n")
    print_error(error.format_message())


def failed(error: CommandError) -> int:
    """Say what is wrong; return the exit code.

    A command says what it could not do. That AWS cannot be asked at all is the cause of so many of these that
    it is looked for here, where all of them come by.
    """
    if "botocore" in sys.modules:
        from hubtriage.cli.ending.aws_access import no_access

        if found := no_access(error):
            print_error(found.problem, found.hint or error.hint)
            return UNUSABLE
    error.show()
    return error.exit_code


def _system_error(error: OSError) -> int:
    """Say what the system refused; return the exit code."""
    if error.errno == errno.EPIPE:
        _silence(sys.stdout, sys.stderr)
        return CLOSED_PIPE
    if error.filename is None:
        _silence(sys.stdout)
    place = "output" if error.filename is None else os.fsdecode(error.filename)
    print_error(f"{quoted(place)}: {in_words(error)}")
    return UNUSABLE


def _silence(*streams: IO[Any]) -> None:
    """Lead streams nowhere: Python writes at its end what they still hold, and would say that it cannot."""
    for stream in streams:
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        except (OSError, ValueError, AttributeError):
            continue
