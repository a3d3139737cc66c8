"""The limits of rates of Jira, each with the reason that it names in its answer."""

from collections import deque
from collections.abc import Sequence

from hubtriage.localaws.peers.peer import PeerAnswer


class BurstLimit:
    """Requests a second for each endpoint and method."""

    def __init__(self) -> None:
        self._recent: dict[tuple[str, str], deque[float]] = {}

    def refusal(self, endpoint: tuple[str, str], most: int, now: float) -> PeerAnswer | None:
        """Return the refusal of a request above the limit; count one that is within it."""
        recent = self._recent.setdefault(endpoint, deque())
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) >= most:
            return too_many("jira-burst-based", 1)
        recent.append(now)
        return None


def write_refusal(writes: list[float], limits: Sequence[tuple[int, float]], now: float) -> PeerAnswer | None:
    """Return the refusal of a write to an issue that has had too many; count one that is not."""
    for most, seconds in limits:
        within = [at for at in writes if at > now - seconds]
        if len(within) >= most:
            return too_many("jira-per-issue-on-write", within[0] + seconds - now)
    writes.append(now)
    del writes[:-1000]
    return None


def too_many(reason: str, seconds: float) -> PeerAnswer:
    """Return an answer of status 429."""
    wait = str(max(1, round(seconds + 0.5)))
    headers = {"Retry-After": wait, "RateLimit-Reason": reason, "X-RateLimit-Remaining": "0"}
    return PeerAnswer.json(429, {"errorMessages": ["Rate limit exceeded."], "errors": {}}, headers)
