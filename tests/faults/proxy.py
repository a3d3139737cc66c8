"""A proxy between the function and AWS that breaks calls on the way: microburst, on loopback."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hubtriage.localaws.listener import Listener
from tests.support.paths import ROOT

_PATIENCE = 120.0


class FaultProxy:
    """What the proxy is told, and what it did."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"

    def break_calls(self, rules: list[Mapping[str, Any]]) -> list[int]:
        """Add rules; the first that matches a call breaks it. Returns their ids."""
        return [rule["id"] for rule in self._ask("PATCH", "rules", rules)]

    def calm(self) -> None:
        """Take all rules away."""
        self._ask("POST", "rules", [])

    def fired(self) -> dict[int, int]:
        """How often each rule broke a call, by id."""
        return {rule["id"]: rule["fired_count"] for rule in self._ask("GET", "rules")}

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            self._ask("GET", "health")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def _ask(self, method: str, name: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.endpoint}/_microburst/{name}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return json.load(answer)


@contextmanager
def fault_proxy(upstream: str, log: Path) -> Iterator[FaultProxy]:
    """Run a proxy in front of `upstream`; its own log goes into a file."""
    with log.open("wb") as output, Listener() as listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.microburst_on_socket", str(listener.descriptor), upstream],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.descriptor],
        )
        try:
            proxy = FaultProxy(listener.port)
            _wait_until_up(proxy, process, log)
            yield proxy
        finally:
            process.kill()  # asked politely, it waits for its connections to end
            process.wait()


def _wait_until_up(proxy: FaultProxy, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not proxy.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the fault proxy did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)
