"""The mode switch: whether triage writes, as one parameter says that people and the breaker set.

It is read for every batch and before every call, `enforce` through a short cache. What cannot be read is not
guessed: `enforce` could hide what somebody wants left alone, `observe` would let findings pass that nobody
looks at again. The last known mode serves for a while; then batches fail and wait in the queue.
"""

from collections.abc import Callable
from typing import cast, get_args

from hubtriage.aws.batch import Mode
from hubtriage.aws.parameters import ParameterError

MODES: tuple[str, ...] = get_args(Mode)
FRESH = 10.0
"""Seconds for which `enforce` is not asked for again.

`observe` always is: what the sweep that goes with leaving it sends must not be passed over.
"""
USABLE = 300.0
"""Seconds for which the last known mode serves while it cannot be read."""


class ModeUnreadableError(RuntimeError):
    """The mode is not known; the batch has to come again."""


def parameter_name(stack: str) -> str:
    """The name of the parameter that switches a stack."""
    return f"/hubtriage/{stack}/mode"


class ModeSwitch:
    """`read` gives the parameter's text or raises ParameterError; `monotonic` is a clock in seconds."""

    def __init__(self, read: Callable[[], str], monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._known: Mode | None = None
        self._read_at = 0.0
        self._asked_at = 0.0

    def mode(self) -> Mode:
        """The mode at this time; raises ModeUnreadableError."""
        now = self._monotonic()
        if self._known == "enforce" and now - self._asked_at < FRESH and now - self._read_at < USABLE:
            return self._known
        self._asked_at = now  # also if it cannot be read: no call waits for one answer after another
        try:
            self._known = checked(self._read())
        except (ParameterError, ModeUnreadableError) as error:
            if self._known is None or now - self._read_at >= USABLE:
                raise ModeUnreadableError(f"the mode cannot be read: {error}") from error
            return self._known
        self._read_at = self._monotonic()
        return self._known

    def may_write(self) -> bool:
        """Whether a call that writes may still start; not while the mode is unknown."""
        try:
            return self.mode() == "enforce"
        except ModeUnreadableError:
            return False


def checked(text: str) -> Mode:
    """The text as a mode; raises ModeUnreadableError for anything else."""
    if text not in MODES:
        raise ModeUnreadableError(f"{text[:40]!r} is none of {', '.join(MODES)}")
    return cast("Mode", text)
