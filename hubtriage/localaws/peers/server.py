"""Doubles of services outside AWS behind one port of the loopback address, with a way past their APIs.

A peer named `jira` answers under `http://127.0.0.1:PORT/jira/...`, as the service does under its own name.
Tests look into it, act as people, and script faults under `/_peers/`; `PeerControl` is the client of that.
"""

import contextlib
import json
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from hubtriage.localaws.listener import Listener
from hubtriage.localaws.peers.faults import PeerFault, PeerFaults
from hubtriage.localaws.peers.peer import Peer, PeerAnswer, PeerError, PeerRequest

CONTROL = "/_peers/"
_JOURNAL = 20_000
_LONGEST_KEPT_BODY = 20_000
_SECRET_HEADERS = ("authorization", "x-sn-apikey", "cookie")
_LARGEST_BODY = 20_000_000


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A request as it came, and what became of it. status: 0 where the connection was reset.

    carried_out: the peer has answered it, whatever arrived of the answer. Headers with secrets are left out.
    """

    number: int
    at: float
    peer: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: str
    status: int
    carried_out: bool
    fault: str | None = None


class PeerClock:
    """The machine's clock, set ahead by what tests ask: search indexes and limits go by it."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        """Return epoch seconds."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let time pass; raise PeerError for a negative time."""
        if seconds < 0:
            raise PeerError("time does not go back")
        self._ahead += seconds


class Peers:
    """Some peers by name, their faults and the journal of their requests."""

    def __init__(self, make: Mapping[str, Callable[[PeerClock], Peer]], seed: int = 1) -> None:
        self.clock = PeerClock()
        self.faults = PeerFaults(seed)
        self.latency = (0.0, 0.0)
        self._peers = {name: factory(self.clock) for name, factory in make.items()}
        self._locks = {name: threading.Lock() for name in self._peers}
        self._lock = threading.Lock()
        self._journal: deque[JournalEntry] = deque(maxlen=_JOURNAL)
        self._count = 0
        self._counts = {name: Counter({"requests": 0, "carried_out": 0, "faults": 0}) for name in self._peers}
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def peer(self, name: str) -> Peer:
        """Return a peer; raise PeerError if there is none of the name."""
        if name not in self._peers:
            raise PeerError(f"no peer {name!r}; there are {', '.join(sorted(self._peers))}")
        return self._peers[name]

    def has(self, name: str) -> bool:
        """Say whether there is a peer of the name."""
        return name in self._peers

    def take(
        self, name: str, request: PeerRequest, target: str
    ) -> tuple[PeerAnswer | None, PeerFault | None]:
        """Carry a request out, or what is scripted instead; None is a connection to be reset.

        The fault is returned too, as the one who sends the answer truncates or delays it.
        """
        with self._lock:
            fault = self.faults.of(name, request.method, request.path)
            wait = self._random.uniform(*self.latency)
        time.sleep(wait)
        answer: PeerAnswer | None = None
        carried_out = fault is None or fault.is_after
        if carried_out:
            with self._locks[name]:
                answer = self._peers[name].answer(request)
        if fault is not None:
            answer = _spoilt(answer, fault)
        self._note(name, request, target, answer, carried_out, fault)
        return answer, fault

    def journal(self, peer: str | None = None) -> list[JournalEntry]:
        """Return the last requests, oldest first; of one peer if it is named."""
        with self._lock:
            return [entry for entry in self._journal if peer in (None, entry.peer)]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return for each peer how many requests it had, carried out, and answered with a fault."""
        with self._lock:
            return {name: dict(counted) for name, counted in self._counts.items()}

    def stored(self, name: str) -> dict[str, Any]:
        """Return what a peer holds."""
        peer = self.peer(name)
        with self._locks[name]:
            return peer.stored()

    def act(self, name: str, act: str, given: Mapping[str, Any]) -> Any:
        """Have a person act in a peer."""
        peer = self.peer(name)
        with self._locks[name]:
            return peer.act(act, given)

    def configure(self, name: str, changes: Mapping[str, Any]) -> None:
        """Change settings of a peer."""
        peer = self.peer(name)
        with self._locks[name]:
            peer.configure(changes)

    def _note(
        self,
        name: str,
        request: PeerRequest,
        target: str,
        answer: PeerAnswer | None,
        carried_out: bool,
        fault: PeerFault | None,
    ) -> None:
        headers = {key: value for key, value in request.headers.items() if key not in _SECRET_HEADERS}
        body = request.body[:_LONGEST_KEPT_BODY].decode(errors="replace")
        with self._lock:
            self._count += 1
            self._counts[name].update(
                {"requests": 1, "carried_out": int(carried_out), "faults": int(fault is not None)}
            )
            self._journal.append(
                JournalEntry(
                    number=self._count,
                    at=self.clock(),
                    peer=name,
                    method=request.method,
                    target=target,
                    headers=headers,
                    body=body,
                    status=answer.status if answer else 0,
                    carried_out=carried_out,
                    fault=fault.effect if fault else None,
                )
            )


def _spoilt(answer: PeerAnswer | None, fault: PeerFault) -> PeerAnswer | None:
    """Return what arrives in place of an answer."""
    wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after}"}
    if fault.effect == "status":
        error = {"errorMessages": [], "errors": {}, "error": {"message": "scripted", "detail": ""}}
        return PeerAnswer.json(fault.status, error, {**wait, **dict(fault.headers)})
    if fault.effect == "html":
        return PeerAnswer.page(fault.status or 200, "Your instance is hibernating")
    return None if fault.effect == "reset" else answer


class PeerServer:
    """Serves peers in threads of this process, from `start` to `stop`, or as a context manager.

    listener: a port that is bound already; by default any that is free.
    """

    def __init__(self, peers: Peers, listener: Listener | None = None) -> None:
        self.peers = peers
        self._listener = listener or Listener()
        self._server = _HttpServer(self._listener, peers)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def endpoint(self) -> str:
        """The address under which each peer has its name."""
        return f"http://127.0.0.1:{self._listener.port}"

    def url(self, peer: str) -> str:
        """Return the address of a peer, in place of e.g. `https://acme.atlassian.net`."""
        return f"{self.endpoint}/{peer}"

    def start(self) -> "PeerServer":
        """Begin to serve."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End serving, and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._listener.close()

    def __enter__(self) -> "PeerServer":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: Listener, peers: Peers) -> None:
        super().__init__(("127.0.0.1", listener.port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=listener.detached())
        self.socket.listen(128)
        self.server_address = ("127.0.0.1", listener.port)
        self.peers = peers
        self.control = _Control(peers)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; print what is wrong with us."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120
    server: _HttpServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Write no log: there is a journal."""

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            return
        if self.path.startswith(CONTROL):
            self._send(self.server.control.answer(self.command, self.path, body))
            return
        name, _, rest = self.path.lstrip("/").partition("/")
        name, question, query = name.partition("?")
        if not self.server.peers.has(name):
            self._send(PeerAnswer.page(404, "Not found"))
            return
        target = f"/{rest}{question}{query}"
        request = PeerRequest.of(self.command, target, dict(self.headers.items()), body)
        answer, fault = self.server.peers.take(name, request, target)
        if answer is None:
            self._reset()
            return
        if fault is not None and fault.effect == "delay":
            time.sleep(fault.seconds)
        self._send(answer, truncated=fault is not None and fault.effect == "truncated")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            self._send(PeerAnswer.page(411, "Length required"))
            return None
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            self._send(PeerAnswer.page(413, "Too large"))
            return None
        return self.rfile.read(length)

    def _send(self, answer: PeerAnswer, *, truncated: bool = False) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(max(len(answer.body), 2 if truncated else 0)))
        if truncated:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(answer.body[: len(answer.body) // 2] if truncated else answer.body)
        self.wfile.flush()

    def _reset(self) -> None:
        """End the connection as a crash does: the other side sees a reset, not an end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class _Control:
    """The way past the APIs: JSON under `/_peers/`."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._own: Mapping[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "journal"): lambda _: [asdict(entry) for entry in peers.journal()],
            ("GET", "counts"): lambda _: peers.counts(),
            ("GET", "faults"): lambda _: {"struck": peers.faults.struck},
            ("POST", "faults"): lambda body: {"number": peers.faults.add(_fault(body))},
            ("DELETE", "faults"): lambda _: peers.faults.clear(),
            ("POST", "clock"): lambda body: peers.clock.advance(body["seconds"]),
            ("GET", "clock"): lambda _: {"now": peers.clock()},
            ("POST", "latency"): self._latency,
        }
        self._of_peer: Mapping[tuple[str, str], Callable[[str, Any], Any]] = {
            ("GET", "stored"): lambda name, _: peers.stored(name),
            ("GET", "journal"): lambda name, _: [asdict(entry) for entry in peers.journal(name)],
            ("POST", "act"): lambda name, body: peers.act(name, body["act"], body.get("given", {})),
            ("POST", "settings"): lambda name, body: peers.configure(name, body),
        }

    def answer(self, method: str, path: str, body: bytes) -> PeerAnswer:
        """Answer a control request: 200 with JSON, 400 with what is wrong, 404 for anything else."""
        words = path.removeprefix(CONTROL).split("/")
        try:
            given = json.loads(body or b"null")
            if len(words) == 1 and (method, words[0]) in self._own:
                return PeerAnswer.json(200, self._own[method, words[0]](given))
            if len(words) == 2 and (method, words[1]) in self._of_peer:
                return PeerAnswer.json(200, self._of_peer[method, words[1]](words[0], given))
        except (PeerError, LookupError, TypeError, ValueError) as error:
            return PeerAnswer.json(400, {"error": f"{type(error).__name__}: {error}"})
        return PeerAnswer.json(404, {"error": f"no {method} {path}"})

    def _latency(self, body: Sequence[float]) -> None:
        least, most = body
        self._peers.latency = (least, most)


def _fault(given: Mapping[str, Any]) -> PeerFault:
    headers = tuple((name, value) for name, value in given.get("headers", ()))
    return PeerFault(**{**given, "headers": headers})
