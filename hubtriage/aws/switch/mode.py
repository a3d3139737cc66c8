"""The mode switch: whether triage writes and hides. People and the breaker set it in one parameter.

The mode is read for every batch and before every call, `enforce` through a short cache. A mode that cannot
be read is not guessed: `enforce` could hide what a person wants left alone, and `observe` would let findings
pass that no one looks at again. The last known mode serves for a while; then batches fail and wait in the
queue.
"""

from collections.abc import Callable
from typing import Literal, cast, get_args

from hubtriage.aws.switch.parameters import ParameterError

Mode = Literal["enforce", "reopen", "observe"]
MODES: tuple[str, ...] = get_args(Mode)
ALLOWED_PATTERN = f"^({'|'.join(MODES)})$"
"""What the parameter may hold.

Who sets the mode sends it along: a parameter that an older version made has another pattern.
"""
FRESH = 10.0
"""Seconds for which `enforce` is not asked for again.

For a new batch the other modes always are: what the sweep that goes with leaving them sends must not be
passed over.
"""
USABLE = 300.0
"""Seconds for which the last known mode serves while it cannot be read."""


class ModeUnreadableError(RuntimeError):
    """The mode is not known; the batch has to come again."""


def parameter_name(stack: str) -> str:
    """Return the name of the parameter that switches a stack."""
    return f"/hubtriage/{stack}/mode"


def always_enforce() -> str:
    """Return the mode of a function that no parameter switches."""
    return "enforce"


class ModeSwitch:
    """`read` gives the parameter's text or raises ParameterError.

    `clocks` count seconds; of several, that by which most time has passed is believed. AWS freezes containers
    between invocations and does not say whether its monotonic clock goes on; the time of day may be set back.
    """

    def __init__(self, read: Callable[[], str], *clocks: Callable[[], float]) -> None:
        self._read = read
        self._clocks = clocks
        self._known: Mode | None = None
        self._read_at = self._asked_at = self._now()

    def mode(self) -> Mode:
        """Return the mode at this time, with which to decide on a batch; raises ModeUnreadableError."""
        return self._mode(lasting=("enforce",))

    def _mode(self, lasting: tuple[str, ...]) -> Mode:
        """Return the mode; one that is `lasting` is not asked for again while it is fresh."""
        if self._known in lasting and self._since(self._asked_at) < FRESH and not self._is_unusable():
            return self._known
        self._asked_at = self._now()  # also if it cannot be read: no call waits for one answer after another
        try:
            self._known = checked(self._read())
        except (ParameterError, ModeUnreadableError) as error:
            if self._known is None or self._is_unusable():
                raise ModeUnreadableError(f"the mode cannot be read: {error}") from error
            return self._known
        self._read_at = self._now()
        return self._known

    def may_write(self) -> bool:
        """Return whether a call that writes may still start; not while the mode is unknown."""
        try:
            return self._mode(lasting=MODES) != "observe"
        except ModeUnreadableError:
            return False

    def may_hide(self) -> bool:
        """Return whether a call that may start may also hide.

        Not in `reopen`. In `observe`, or while the mode is unknown, no call may start at all.
        """
        try:
            return self._mode(lasting=MODES) != "reopen"
        except ModeUnreadableError:
            return True

    def _is_unusable(self) -> bool:
        return self._since(self._read_at) >= USABLE

    def _since(self, then: tuple[float, ...]) -> float:
        return max(now - past for now, past in zip(self._now(), then, strict=True))

    def _now(self) -> tuple[float, ...]:
        return tuple(clock() for clock in self._clocks)


def checked(text: str) -> Mode:
    """Return the text as a mode; raises ModeUnreadableError for anything else."""
    if text not in MODES:
        raise ModeUnreadableError(f"{text[:40]!r} is none of {', '.join(MODES)}")
    return cast("Mode", text)
