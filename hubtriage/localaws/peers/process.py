"""Peers in a process of their own, which outlives restarts of the local AWS; or `PeerServer`, in threads.

`PeersProcess` starts it; by hand: `python -m hubtriage.localaws.peers.process --peers '{"jira": "jira"}'`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType

from hubtriage.localaws.errors import LocalCloudError
from hubtriage.localaws.listener import Listener
from hubtriage.localaws.peers.control import PeerControl
from hubtriage.localaws.peers.kinds import peers_of
from hubtriage.localaws.peers.server import PeerServer

_READY_TIMEOUT = 30.0
_POLL = 0.02


class PeersProcess:
    """A process with peers, each by its name of a kind, e.g. `{"jira": "jira", "desk": "servicenow"}`."""

    def __init__(self, kinds: Mapping[str, str], seed: int = 1) -> None:
        self._kinds = dict(kinds)
        self._seed = seed
        self._listener = Listener()
        self._process: subprocess.Popen[bytes] | None = None
        self.control = PeerControl(f"http://127.0.0.1:{self._listener.port}")

    def url(self, peer: str) -> str:
        """Return the address of a peer, in place of e.g. `https://acme.atlassian.net`."""
        return f"{self.control.endpoint}/{peer}"

    def start(self) -> "PeersProcess":
        """Start it and wait until it answers; raise LocalCloudError if it does not."""
        descriptor = self._listener.descriptor
        arguments = ["--listener", str(descriptor), "--seed", str(self._seed)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *arguments, "--peers", json.dumps(self._kinds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[descriptor],
        )
        deadline = time.monotonic() + _READY_TIMEOUT
        while not self.control.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise LocalCloudError("the doubles of services outside AWS did not start")
            time.sleep(_POLL)
        return self

    def end(self) -> None:
        """End the process, with all that its peers hold."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()
        self._listener.close()

    def __enter__(self) -> "PeersProcess":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()


def main(arguments: list[str] | None = None) -> None:
    """Serve until standard input ends: the process that started us holds its other end."""
    parser = argparse.ArgumentParser(prog="python -m hubtriage.localaws.peers.process", description=__doc__)
    parser.add_argument("--peers", type=json.loads, required=True, help="kinds by name, as JSON")
    parser.add_argument(
        "--listener", type=int, help="inherited descriptor of the socket; a free port without it"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the faults that strike by chance")
    options = parser.parse_args(arguments)
    listener = None if options.listener is None else Listener.inherited(options.listener)
    with PeerServer(peers_of(options.peers, options.seed), listener) as server:
        sys.stdout.write(f"{server.endpoint}\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
