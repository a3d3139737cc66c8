"""The start of a process: its streams and signals, before anything slow is imported."""

import codecs
import os
import sys
from io import TextIOWrapper

from hubtriage.cli.ending.sigterm import obey

_PLAIN = str.maketrans({"…": "...", "–": "-", "→": "->", "’": "'", "“": '"', "”": '"'})
_UNENCODABLE = "hubtriage.plain"


def main() -> None:
    """Run the command that the arguments of the process name."""
    try:
        _prepare_streams()
        obey()
        from hubtriage.cli.main import cli
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201 - click may be half imported
        raise SystemExit(130) from None
    cli(prog_name="hubtriage")


def _prepare_streams() -> None:
    """Give the process its three streams, and let each take any text.

    A closed stream would hand its number to the next file that is opened, which would then get what is meant
    for the stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - for good
    codecs.register_error(_UNENCODABLE, _plainer)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_UNENCODABLE)


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    """Return what to write for a character that the encoding lacks: a plainer one, or its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start]
    plain = missing.translate(_PLAIN)
    return (plain, error.start + 1) if plain != missing else codecs.backslashreplace_errors(error)
