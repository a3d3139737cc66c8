"""The process of the local AWS: its folder, its log, its start and its end."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from hubtriage.localaws.crashes import Crash, recorded_crashes
from hubtriage.localaws.environment import CERTIFICATE
from hubtriage.localaws.errors import LocalCloudError
from hubtriage.localaws.hub_control import HubControl
from hubtriage.localaws.listener import Listener
from hubtriage.localaws.securityhub.settings import HubSettings

_READY_TIMEOUT = 120.0
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """What the process is started with; see `LocalCloud`."""

    settings: HubSettings
    account: str
    region: str
    batching_window: float
    lambda_endpoint: str | None
    auth: bool
    durable: bool

    def arguments(self) -> list[str]:
        """Return them as arguments of the launcher."""
        arguments = ["--account", self.account, "--region", self.region]
        arguments += ["--settings", json.dumps(asdict(self.settings))]
        arguments += ["--batching-window", str(self.batching_window)]
        arguments += ["--auth"] if self.auth else []
        arguments += ["--durable"] if self.durable else []
        return arguments + (["--lambda-endpoint", self.lambda_endpoint] if self.lambda_endpoint else [])


class EmulatorProcess:
    """A process that serves a listener. Its folder is there from the beginning, and gone after `end`."""

    launcher: tuple[str, ...] = ("-m", "hubtriage.localaws.launcher")
    """What Python runs."""

    def __init__(self, options: EmulatorOptions, listener: Listener) -> None:
        self._options = options
        self._listener = listener
        self._running: subprocess.Popen[bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="hubtriage-local-"))
        scheme = "https" if options.auth else "http"
        certificate = self.folder / CERTIFICATE if options.auth else None
        self.control = HubControl(f"{scheme}://127.0.0.1:{listener.port}", certificate)

    def start(self) -> None:
        """Start it and wait until it answers; raises LocalCloudError if it does not."""
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                [
                    sys.executable,
                    *self.launcher,
                    "--listener",
                    str(self._listener.descriptor),
                    "--data",
                    str(self.folder),
                    *self._options.arguments(),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[self._listener.descriptor],
            )
        self._wait_until_ready(self._running)

    def restart(self, patience: float) -> None:
        """End a durable process within `patience` seconds, and start it again from what it stored."""
        self._kill(patience)
        self.start()

    def end(self) -> list[Crash]:
        """Kill it with all that it started, and remove its files; return the crashes that it recorded."""
        self._kill(patience=0)
        crashes = recorded_crashes(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        return crashes

    def log(self) -> str:
        """Return what the process has written so far: its own log, for when something is wrong."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self.folder / "process.log"

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _READY_TIMEOUT
        while self.control.process_id(patience=1.0) != process.pid:
            if process.poll() is not None:
                raise LocalCloudError(f"the local AWS ended while starting:\n{self.log()}")
            if time.monotonic() > deadline:
                raise LocalCloudError(f"not ready after {_READY_TIMEOUT:g} s:\n{self.log()}")
            time.sleep(_POLL)

    def _kill(self, patience: float) -> None:
        """End the process and its whole session, as Lambda functions run in it too.

        With patience, ask first.
        """
        process, self._running = self._running, None
        if process is None:
            return
        if patience:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin:
            process.stdin.close()
