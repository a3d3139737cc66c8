"""SIGTERM ends a command as Ctrl-C does: the cursor comes back, and what was started ends."""

import signal
from typing import NoReturn


class Terminated(BaseException):
    """SIGTERM has come."""


def obey() -> None:
    """Let SIGTERM raise Terminated, unless the process was started with it ignored."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated
