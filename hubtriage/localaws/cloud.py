"""The local AWS as a context manager: a process of its own, on loopback, gone without a trace at the end."""

import atexit
import contextlib
import copy
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from hubtriage.localaws import deploy
from hubtriage.localaws.launcher import CERTIFICATE
from hubtriage.localaws.securityhub.control import PREFIX
from hubtriage.localaws.securityhub.faults import Fault
from hubtriage.localaws.securityhub.ledger import UpdateCall
from hubtriage.localaws.securityhub.settings import HubSettings

ACCOUNT = "999900001111"
"""The delegated administrator's account: security-tooling in the generated organisation."""
REGION = "eu-central-1"
"""Its home Region."""

_READY_TIMEOUT = 30.0
_POLL = 0.05
_NO_PROXY = Config(proxies={})
_ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1})


class LocalCloudError(RuntimeError):
    """The local AWS did not start, died, or did not come to rest in time."""


class HubControl:
    """What tests and demonstrations ask the local Security Hub past its API."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self.certificate: Path | None = None

    def process_id(self, patience: float) -> int | None:
        """Which process answers within `patience` seconds; None: none does."""
        try:
            return int(self._ask("GET", "process", patience=patience)["pid"])
        except OSError:
            return None

    def status(self) -> dict[str, Any]:
        """Calls by operation and outcome, findings, events, faults that wait; see `Hub.status`."""
        return self._ask("GET", "status")

    def updates(self) -> list[UpdateCall]:
        """Every call of BatchUpdateFindings, in order."""
        return [UpdateCall(**call) for call in self.status()["updates"]]

    def findings(self) -> list[dict[str, Any]]:
        """All findings as they are stored."""
        findings: list[dict[str, Any]] = self._ask("GET", "findings")["Findings"]
        return findings

    def events(self) -> dict[str, int]:
        """How many events have arrived on the bus ("delivered"), and how many are "under_way"."""
        return self._ask("GET", "events")

    def delivered_events(self, page: int = 2_000) -> Iterator[dict[str, Any]]:
        """All events that have arrived on the bus so far, in that order, copies included."""
        start = 0
        while found := self._ask("POST", "events", {"start": start, "limit": page})["Events"]:
            yield from found
            start += len(found)

    def updates_by_functions(self) -> dict[tuple[str, str], int]:
        """How often functions, not people, have updated each finding: by (ProductArn, Id)."""
        told = self._ask("GET", "traced")["Findings"]
        return {(product, finding): count for product, finding, count in told}

    def plant(self, findings: list[dict[str, Any]]) -> None:
        """Store findings exactly as they are, and send their events; see `Hub.plant`."""
        self._ask("POST", "findings", {"Findings": findings})

    def fault(self, fault: Fault) -> None:
        """Write a fault into the script."""
        self._ask("POST", "faults", asdict(fault))

    def clear_faults(self) -> None:
        """Take all faults out of the script."""
        self._ask("DELETE", "faults")

    def configure(self, **changes: Any) -> None:
        """Change settings of the hubs while they run; the names are those of `HubSettings`."""
        self._ask("POST", "settings", changes)

    def kill_functions(self) -> int:
        """Kill the Lambda functions that are at work, without a word to them; how many there were."""
        killed: int = self._ask("DELETE", "functions")["killed"]
        return killed

    def reset(self) -> None:
        """Forget findings, counts, faults and events; settings stay."""
        self._ask("POST", "reset")

    def _ask(self, method: str, name: str, body: object = None, *, patience: float = 60.0) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self._endpoint}{PREFIX}{name}",
            data=json.dumps(body).encode() if body is not None else None,
            method=method,
        )
        try:
            with self._opener().open(request, timeout=patience) as answer:
                return json.load(answer)  # type: ignore[no-any-return]
        except urllib.error.HTTPError as error:
            raise LocalCloudError(f"{method} {name}: {error.read().decode()}") from error

    def _opener(self) -> urllib.request.OpenerDirector:
        """Past any proxy, and over TLS trusting the process's own certificate alone."""
        direct = urllib.request.ProxyHandler({})
        if self.certificate is None:
            return urllib.request.build_opener(direct)
        context = ssl.create_default_context(cafile=self.certificate)
        return urllib.request.build_opener(direct, urllib.request.HTTPSHandler(context=context))


class LocalCloud:
    """The local AWS, running between `with` and its end.

    settings: how Security Hub behaves. account, region: of the clients and of deployments.
    batching_window: the longest that queues wait to fill a batch, seconds; AWS would wait as long as the
        event source mapping says.
    lambda_endpoint: where Lambda functions find AWS, if not here: a proxy that injects faults.
    auth: whether IAM policies are evaluated, over TLS; the clients here are the account's root.
    durable: whether it can be started again with `restart`.
    port: 0 for any that is free.
    """

    def __init__(
        self,
        settings: HubSettings | None = None,
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        batching_window: float = 1.0,
        lambda_endpoint: str | None = None,
        auth: bool = False,
        durable: bool = False,
        port: int = 0,
    ) -> None:
        self.account, self.region = account, region
        self.port = port or free_port()
        self.endpoint = f"{'https' if auth else 'http'}://127.0.0.1:{self.port}"
        self.control = HubControl(self.endpoint)
        self._settings = settings or HubSettings()
        self._batching_window = batching_window
        self._lambda_endpoint = lambda_endpoint
        self._auth = auth
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._clients: dict[tuple[str, str], Any] = {}

    def __enter__(self) -> "LocalCloud":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it answers; raises LocalCloudError if it does not."""
        self._folder = Path(tempfile.mkdtemp(prefix="hubtriage-local-"))
        self.control.certificate = self._folder / CERTIFICATE if self._auth else None
        atexit.register(self.stop)
        try:
            self._process = self._started(self._folder)
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def restart(self, patience: float = 60.0) -> None:
        """End a durable process in the midst of its work, functions included, and start it again.

        Findings, events under way, messages, functions, logs and stacks are there again; what was being
        done is not. AWS: nothing like it happens, but its parts fail just so. Raises LocalCloudError.
        """
        if self._process is None or self._folder is None or not self._durable:
            raise LocalCloudError("only a durable local AWS that runs can be started again")
        _end(self._process, patience)
        self._process = self._started(self._folder)
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """End the process and all that it started, and remove its files. Does nothing the second time."""
        atexit.unregister(self.stop)
        while self._clients:
            self._clients.popitem()[1].close()
        if self._process is not None:
            _end(self._process, patience=0)
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def client(self, service: str, *, config: Config | None = None) -> Any:
        """A boto3 client with dummy credentials; those without a `config` are shared and never retry."""
        if config is not None:
            return self._new_client(service, config)
        key = (self.region, service)
        if key not in self._clients:
            self._clients[key] = self._new_client(service, _ONE_ATTEMPT)
        return self._clients[key]

    def seen_from(self, region: str) -> "LocalCloud":
        """The same local AWS with its clients and deployments in another Region; it ends with this one.

        `control` stays that of the home Region.
        """
        other = copy.copy(self)
        other.region = region
        return other

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which any AWS tool talks to the local AWS."""
        trust = {"AWS_CA_BUNDLE": str(self.control.certificate)} if self.control.certificate else {}
        return trust | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def deploy(self, assembly: Path) -> dict[str, dict[str, str]]:
        """Deploy what a cloud assembly (`cdk.out`) has for this Region; outputs by stack name."""
        return deploy.deploy(self.client, assembly, account=self.account, region=self.region)

    def destroy(self, assembly: Path) -> None:
        """Delete the stacks that a cloud assembly has for this Region."""
        deploy.destroy(self.client, assembly, region=self.region)

    def queue_depths(self) -> dict[str, int]:
        """Messages of each queue by name: waiting, in flight and delayed."""
        sqs = self.client("sqs")
        names = (
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        )
        depths = {}
        for url in sqs.list_queues().get("QueueUrls", []):
            found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]
            depths[url.rpartition("/")[2]] = sum(int(found[name]) for name in names)
        return depths

    def wait_until_idle(self, timeout: float = 60.0) -> None:
        """Wait until no state machine runs, no event is under way, and every queue of a function is empty.

        Raises LocalCloudError with what is left when that does not happen in time.
        """
        deadline = time.monotonic() + timeout
        while not self.is_idle():
            if time.monotonic() > deadline:
                left = {
                    "events": self.control.events(),
                    "queues": self._read_queues(),
                    "executions": self.running_executions(),
                }
                raise LocalCloudError(f"not idle after {timeout:g} s: {left}")
            time.sleep(_POLL)

    def log_messages(self, group_prefix: str = "/aws/") -> Iterator[str]:
        """The messages of all CloudWatch log groups whose name starts so, oldest first in each group."""
        logs = self.client("logs")
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group_prefix):
            for group in page["logGroups"]:
                pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
                for events in pages:
                    yield from (event["message"] for event in events["events"])

    def process_log(self) -> str:
        """What the process wrote so far: its own log, for when something is wrong."""
        return self._log.read_text(errors="replace") if self._folder and self._log.exists() else ""

    @property
    def _log(self) -> Path:
        if self._folder is None:
            raise LocalCloudError("the local AWS is not running")
        return self._folder / "process.log"

    def _started(self, folder: Path) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command(folder),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _command(self, folder: Path) -> list[str]:
        command = [
            sys.executable,
            "-m",
            "hubtriage.localaws.launcher",
            "--stop-with-stdin",
            "--port",
            str(self.port),
        ]
        command += ["--account", self.account, "--region", self.region, "--data", str(folder)]
        command += [
            "--settings",
            json.dumps(asdict(self._settings)),
            "--batching-window",
            str(self._batching_window),
        ]
        command += ["--auth"] if self._auth else []
        command += ["--durable"] if self._durable else []
        return command + (["--lambda-endpoint", self._lambda_endpoint] if self._lambda_endpoint else [])

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _READY_TIMEOUT
        while self.control.process_id(patience=1.0) != process.pid:
            if process.poll() is not None:
                raise LocalCloudError(f"the local AWS ended while starting:\n{self.process_log()}")
            if time.monotonic() > deadline:
                raise LocalCloudError(f"not ready after {_READY_TIMEOUT:g} s:\n{self.process_log()}")
            time.sleep(_POLL)

    def is_idle(self) -> bool:
        """Whether no state machine runs, no event is under way, and every queue of a function is empty."""
        if self.running_executions():
            return False
        # Events before, queues, events after: a function may turn a message into events meanwhile.
        before = self.control.events()
        if before["under_way"] or any(self._read_queues().values()):
            return False
        return self.control.events() == before

    def running_executions(self) -> list[str]:
        """Names of the executions of state machines that run now."""
        states = self.client("stepfunctions")
        return [
            execution["name"]
            for machine in states.list_state_machines()["stateMachines"]
            for execution in states.list_executions(
                stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
            )["executions"]
        ]

    def _read_queues(self) -> Mapping[str, int]:
        """Depths of the queues with an event source mapping."""
        mappings = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        read = {mapping["EventSourceArn"].rpartition(":")[2] for mapping in mappings}
        return {name: depth for name, depth in self.queue_depths().items() if name in read}

    def _new_client(self, service: str, config: Config) -> Any:
        return boto3.session.Session().client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.account,
            aws_secret_access_key="local",  # noqa: S106 - ministack wants one, and looks at none
            config=_NO_PROXY.merge(config),
            verify=str(self.control.certificate) if self.control.certificate else None,
        )


def free_port() -> int:
    """A port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: "subprocess.Popen[bytes]", patience: float) -> None:
    """End the process and its whole session, as Lambda functions run in it too; with patience, ask first."""
    if patience:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        process.stdin.close()
