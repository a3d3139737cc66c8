"""One HTTPS request to a service outside AWS, and what its answer says of what was done there.

No service here has a key that makes a request idempotent. So an answer is one of three things: done,
certainly not done, or unknown. Only what was certainly not done may be sent again without looking first.

Addresses, headers and bodies hold secrets. They appear in no log line, no exception and no `repr`.
"""

import json
import logging
import math
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from hubtriage.aws.clock import Clock, SystemClock

CONNECT_SECONDS = 3.0
READ_SECONDS = 15.0
LARGEST_ANSWER = 6_000_000
"""Bytes of an answer that are read; services answer some kilobytes, and some megabytes of long comments."""
TOO_LARGE = "the answer is too large"
"""How the reason of an answer ends that is larger."""
_BROKE_OFF = "the answer broke off"
LONGEST_WAIT = 24 * 3600.0
"""Seconds: a `Retry-After` beyond it counts as this."""

_IDLE_SECONDS = 5.0
"""A connection that was idle for longer is not used again. The service may have ended it while the container
was frozen, and a request that is lost on it would count as unknown."""
_PIECE = 65_536
_LOOPBACK = ("127.0.0.1", "localhost")
_NOT_DONE_YET = (408, 409, 423, 425, 429)
"""Statuses of a request that was not done, and that may be sent again as it is."""

for _name in ("urllib3.connection", "urllib3.connectionpool"):  # they write addresses, also in warnings
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Everything but the method may be secret."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)

    @classmethod
    def with_json(cls, method: str, url: str, headers: Mapping[str, str], body: object) -> "Request":
        """Return a request with a body of JSON in ASCII; raise ValueError where JSON cannot hold it."""
        given = {"Content-Type": "application/json", **headers}
        return cls(method, url, given, json.dumps(body, allow_nan=False).encode("ascii"))


@dataclass(frozen=True, slots=True)
class Done:
    """The service says that it did what was asked: a status of 2xx and a whole answer.

    headers: names in lower case. body: as it came, at most `LARGEST_ANSWER` bytes.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def json(self) -> Any:
        """Return the body as JSON; None where it is not, e.g. a page for people."""
        return read_json(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class NotDone:
    """What was asked was certainly not done.

    reason: a few words for a log, without a secret. is_final: the same request would fail again, until a
    person changes something. retry_after: seconds that the service wants us to wait; None if it says nothing.
    status: None if nothing was sent.
    """

    reason: str
    is_final: bool = False
    retry_after: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def is_unauthorized(self) -> bool:
        """Whether the service refused the credentials, or what they may do."""
        return self.status in (401, 403)

    def json(self) -> Any:
        """Return the body as JSON; None where it is not."""
        return read_json(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request may have been done, now or later: no answer, half an answer, or an error of the server."""

    reason: str
    retry_after: float | None = None
    status: int | None = None


Answer = Done | NotDone | Unknown


def read_json(body: bytes) -> Any:
    """Return bytes as JSON; None where they are not JSON."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def is_local(environment: Mapping[str, str]) -> bool:
    """Say whether the function runs on the local AWS, where services outside are on the loopback address."""
    endpoint = environment.get("AWS_ENDPOINT_URL", "")
    return urlsplit(endpoint).hostname in _LOOPBACK


class HttpClient:
    """Sends requests, one at a time; the same client for all requests of a function.

    local: allow `http://` too, to the loopback address alone.
    """

    def __init__(
        self,
        *,
        local: bool = False,
        clock: Clock | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._local = local
        self._clock = clock or SystemClock()
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        self._read_seconds = read_seconds
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=1, retries=False)
        self._last_used = 0.0

    def send(self, request: Request) -> Answer:
        """Send a request once. Redirects are not followed; nothing is raised for what the network does."""
        objection = self._objection(request)
        if objection:
            return NotDone(objection, is_final=True)
        self._drop_idle()
        try:
            response = self._pool.request(
                request.method,
                request.url,
                headers={"Accept-Encoding": "identity", "User-Agent": "hubtriage", **request.headers},
                body=request.body,
                timeout=self._timeout,
                redirect=False,
                retries=False,
                preload_content=False,
            )
        except (HTTPError, ValueError, OSError) as error:
            return _without_answer(error)
        try:
            return self._answer(response)
        finally:
            response.close()  # at once where a part is unread; the pool has it back where all was read
            self._last_used = self._clock.now()

    def close(self) -> None:
        """End the connections that are kept."""
        self._pool.clear()

    def _objection(self, request: Request) -> str | None:
        """Say why a request must not be sent; None if it may."""
        try:
            parts = urlsplit(request.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "the address is not a URL"
        if not host or parts.username is not None or parts.password is not None:
            return "the address must be https://HOST/..., without a user"
        if any(not 0x21 <= ord(letter) <= 0x7E for letter in request.url):
            return "the address has characters that no URL has"
        if parts.scheme == "https" or (self._local and parts.scheme == "http" and host in _LOOPBACK):
            return None
        return "the address must begin with https://"

    def _drop_idle(self) -> None:
        if self._clock.now() - self._last_used > _IDLE_SECONDS:
            self._pool.clear()

    def _answer(self, response: Any) -> Answer:
        """Read an answer and classify it."""
        status = response.status
        headers = {name.lower(): value for name, value in response.headers.items()}
        body, fault = self._body(response)
        if 200 <= status < 300:
            if fault:
                return Unknown(f"{_phrase(status)}, but {fault}", status=status)
            return Done(status, headers, body)
        wait = retry_after(headers, self._clock.now())
        if 300 <= status < 500:
            return NotDone(_phrase(status), status not in _NOT_DONE_YET, wait, status, headers, body)
        return Unknown(_phrase(status), wait, status)

    def _body(self, response: Any) -> tuple[bytes, str]:
        """Return the body, and what is wrong with it, if it broke off, is too large, or takes too long.

        urllib3 2 can read what is there, so that a slow answer ends at the deadline. The Lambda runtime may
        have urllib3 1, which waits for a whole piece and does not notice that a body broke off.
        """
        deadline = time.monotonic() + self._read_seconds
        read = getattr(response, "read1", response.read)
        body = b""
        try:
            while piece := read(_PIECE, decode_content=False):
                body += piece
                if len(body) > LARGEST_ANSWER:
                    return b"", TOO_LARGE
                if time.monotonic() > deadline:
                    return b"", "the answer takes too long"
        except (HTTPError, ValueError, OSError):
            return b"", _BROKE_OFF
        announced = response.headers.get("content-length", "")
        is_whole = not announced.isdecimal() or len(body) >= int(announced)
        return (body, "") if is_whole else (b"", _BROKE_OFF)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds of a `Retry-After` header, which holds seconds or a date; None if it has neither."""
    given = headers.get("retry-after", "").strip()
    try:
        seconds = float(given)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(given).timestamp() - now
        except (ValueError, OverflowError):
            return None
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _without_answer(error: Exception) -> NotDone | Unknown:
    """Classify a request that got no answer. Its text may hold the address, so only its kind is said."""
    if isinstance(error, NewConnectionError):  # of names that do not resolve too
        return NotDone("no connection")
    if isinstance(error, ConnectTimeoutError):
        return NotDone("no connection in time")
    if isinstance(error, SSLError) and isinstance(next(iter(error.args), None), ssl.SSLCertVerificationError):
        return NotDone("the certificate of the service cannot be verified")
    if isinstance(error, Urllib3TimeoutError):
        return Unknown("no answer in time")
    if isinstance(error, LocationValueError):
        return NotDone("the address is not a URL", is_final=True)
    if isinstance(error, ValueError) and not isinstance(error, HTTPError):  # http.client, before it connects
        return NotDone("the request has characters that HTTP does not allow", is_final=True)
    kind = "the connection ended before the answer" if isinstance(error, ProtocolError) else "no answer"
    return Unknown(f"{kind} ({type(error).__name__})")


def _phrase(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
