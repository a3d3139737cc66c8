"""What goes wrong between us and a service outside AWS, as a test writes it into a script."""

import random
import re
from dataclasses import dataclass
from typing import Literal, get_args

from hubtriage.localaws.script import Script

Effect = Literal["status", "reset", "html", "truncated", "delay"]


@dataclass(frozen=True, slots=True)
class PeerFault:
    """What goes wrong with requests to a peer, by its name, method, and a pattern in its path.

    The effect "status" answers `status`, with `retry_after` seconds and `headers` if given. "reset" resets
    the connection. "html" answers a page for people, of status `status` (200 if none is given).
    "truncated" breaks the answer off in the middle of its body. "delay" has it come `seconds` late.

    after: the request was carried out before, as it always is with "truncated" and "delay". Without it,
    nothing is done.

    Of the requests that it concerns, the first `skip` pass, the next `times` go wrong, each with a `chance`.
    """

    effect: Effect
    peer: str | None = None
    method: str | None = None
    path: str = ""
    after: bool = False
    status: int = 0
    retry_after: float | str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    times: int = 1
    skip: int = 0
    chance: float = 1.0

    def __post_init__(self) -> None:
        if self.effect not in get_args(Effect):
            raise ValueError(f"effect is one of {', '.join(get_args(Effect))}, not {self.effect!r}")
        if self.effect == "status" and not 200 <= self.status <= 599:
            raise ValueError("status is between 200 and 599")
        if self.effect == "delay" and self.seconds <= 0:
            raise ValueError("a delay needs seconds")
        if self.times < 1 or self.skip < 0 or not 0 < self.chance <= 1:
            raise ValueError("times is at least 1, skip at least 0, and chance above 0, at most 1")
        re.compile(self.path)

    @property
    def is_after(self) -> bool:
        """Whether the request is carried out, although its answer goes wrong."""
        return self.after or self.effect in ("truncated", "delay")


class PeerFaults(Script[PeerFault]):
    """Faults that wait for their requests, in the order in which they were written; chance is of a seed."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def of(self, peer: str, method: str, path: str) -> PeerFault | None:
        """Return the fault of a request, if it goes wrong."""

        def concerns(fault: PeerFault) -> bool:
            return (
                fault.peer in (None, peer)
                and fault.method in (None, method)
                and re.search(fault.path, path) is not None
                and (fault.chance == 1 or self._random.random() < fault.chance)
            )

        return self.strike(concerns)
