"""The steps of the demonstration, shown to a watcher."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Watcher(Protocol):
    """Shows progress: `begin` a step, `advance` it to a count, `end` it with its result."""

    def begin(self, step: str, total: int | None = None) -> None:
        """Show that a step begins; `total` is what `advance` counts towards, None if it is not known."""

    def advance(self, done: int) -> None:
        """Show how far the step has come."""

    def report(self, standing: str) -> None:
        """Show how it stands, for a step that counts towards nothing."""

    def end(self, outcome: str, seconds: float) -> None:
        """Show that the step is over."""


class DemoStep:
    """A step under way; `outcome` is what to say when it is over."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.outcome = ""

    def advance(self, done: int) -> None:
        """Show how far the step has come."""
        self._watcher.advance(done)

    def report(self, standing: str) -> None:
        """Show how it stands."""
        self._watcher.report(standing)


class Stopwatch:
    """Runs steps one after another and keeps how long each took."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, key: str, total: int | None = None) -> Iterator[DemoStep]:
        """Run a step; its time is kept under `key`. A step that fails is not ended: the error says why."""
        started = time.monotonic()
        self._watcher.begin(name, total)
        step = DemoStep(self._watcher)
        yield step
        self.seconds[key] = time.monotonic() - started
        self._watcher.end(step.outcome, self.seconds[key])
