"""Exceptions that no caller of the local AWS sees: in threads, in tasks, and while objects are deleted.

Python prints them, and the process goes on. Here they are kept in a file as well, so that they can be
reported when the process is stopped.
"""

import asyncio
import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_OURS = Path(__file__).resolve().parent
_FILE = "crashes.jsonl"


@dataclass(frozen=True, slots=True)
class Crash:
    """One exception: where it was raised, and its traceback.

    ours: whether code of this package began or raised it; others are those of the emulator or its server.
    """

    where: str
    traceback: str
    ours: bool

    def __str__(self) -> str:
        return f"{self.where}\n{self.traceback}"


class CrashRecorder:
    """Keeps the crashes of this process in a file of the folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def install(self) -> None:
        """Record exceptions in threads and while objects are deleted, and go on printing them."""
        thread_hook, unraisable_hook = threading.excepthook, sys.unraisablehook

        def in_thread(arguments: threading.ExceptHookArgs) -> None:
            name = arguments.thread.name if arguments.thread else "(unknown)"
            self.record(f"exception in thread {name}", arguments.exc_value)
            thread_hook(arguments)

        def unraisable(arguments: "sys.UnraisableHookArgs") -> None:
            what = arguments.err_msg or "exception ignored in"
            self.record(f"{what}: {arguments.object!r}", arguments.exc_value)
            unraisable_hook(arguments)

        threading.excepthook, sys.unraisablehook = in_thread, unraisable

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Record also what ends a task or a callback of an event loop."""

        def in_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            self.record(context["message"], context.get("exception"))
            loop.default_exception_handler(context)

        loop.set_exception_handler(in_loop)

    def record(self, where: str, error: BaseException | None) -> None:
        """Append an exception to the file."""
        if error is None:
            return
        crash = Crash(where, "".join(traceback.format_exception(error)), is_ours(error))
        line = json.dumps(asdict(crash)) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())  # whole, as the process may be killed at any time
        finally:
            os.close(descriptor)


def is_ours(error: BaseException) -> bool:
    """Say whether the traceback begins or ends in this package; Python's own functions do not count.

    If it begins here, a thread of this package ended. If it ends here, code of this package raised.
    """
    files = (Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__))
    ours = [
        inside for file in files if (inside := file.is_relative_to(_OURS)) or "site-packages" in file.parts
    ]
    return bool(ours) and (ours[0] or ours[-1])


def recorded_crashes(folder: Path) -> list[Crash]:
    """Return what the process with this folder recorded."""
    path = folder / _FILE
    if not path.exists():
        return []
    rows: list[Mapping[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
    return [Crash(**row) for row in rows]
