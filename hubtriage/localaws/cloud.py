"""The local AWS as a context manager: a process of its own, on loopback, gone without a trace at the end."""

import atexit
import copy
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from hubtriage.localaws import deploy
from hubtriage.localaws.crashes import Crash
from hubtriage.localaws.environment import lateness
from hubtriage.localaws.errors import LocalCloudError
from hubtriage.localaws.hub_control import HubControl
from hubtriage.localaws.listener import Listener
from hubtriage.localaws.process import EmulatorOptions, EmulatorProcess
from hubtriage.localaws.securityhub.settings import HubSettings

ACCOUNT = "999900001111"
"""The delegated administrator's account: security-tooling in the generated organisation."""
REGION = "eu-central-1"
"""Its home Region."""

_POLL = 0.1
_DEPTHS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_NO_PROXY = Config(proxies={})
_ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1})
_LOG = logging.getLogger(__name__)


class LocalCloud:
    """The local AWS, running between `with` and its end.

    settings: how Security Hub behaves. account, region: of the clients and of deployments.
    batching_window: the longest that queues wait to fill a batch, seconds; AWS would wait as long as the
        event source mapping says.
    lambda_endpoint: where Lambda functions find AWS, if not here: a proxy that injects faults.
    auth: whether IAM policies are evaluated, over TLS; the clients here are the account's root.
    durable: whether it can be started again with `restart`.
    port: 0 for any that is free.
    listener: the port, where it has to be known before the start; it stays open.
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
        listener: Listener | None = None,
    ) -> None:
        self.account, self.region = account, region
        self._options = EmulatorOptions(
            settings or HubSettings(), account, region, batching_window, lambda_endpoint, auth, durable
        )
        self._port = port
        self._given = listener
        self._listener: Listener | None = None
        self._process: EmulatorProcess | None = None
        self._clients: dict[tuple[str, str, str], Any] = {}

    def __enter__(self) -> "LocalCloud":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.stop()
        except LocalCloudError as crashed:
            if error is None:
                raise
            error.add_note(str(crashed))

    def start(self) -> None:
        """Start the process and wait until it answers; raises LocalCloudError if it does not."""
        atexit.register(self.stop)
        try:
            self._listener = self._given or _listener(self._port)
            self._process = EmulatorProcess(self._options, self._listener)
            self._process.start()
        except BaseException:
            self.stop()
            raise

    def restart(self, patience: float = 60.0) -> None:
        """End a durable process in the midst of its work, functions included, and start it again.

        Findings, events under way, messages, functions, logs and stacks are there again; what was being
        done is not. Connections that are made meanwhile wait. AWS: nothing like it happens, but its parts
        fail just so. Raises LocalCloudError.
        """
        if self._process is None or not self._options.durable:
            raise LocalCloudError("only a durable local AWS that runs can be started again")
        self._process.restart(patience)

    def stop(self) -> None:
        """End the process and all that it started, and remove its files. Does nothing the second time.

        Raises LocalCloudError where code of ours had crashed inside, unseen by any caller.
        """
        atexit.unregister(self.stop)
        while self._clients:
            self._clients.popitem()[1].close()
        process, self._process = self._process, None
        crashes = process.end() if process is not None else []
        if self._listener is not None and self._given is None:
            self._listener.close()
        self._listener = None
        _report(crashes)

    @property
    def process(self) -> EmulatorProcess:
        """The process; raises LocalCloudError where it does not run."""
        if self._process is None:
            raise LocalCloudError("the local AWS is not running")
        return self._process

    @property
    def control(self) -> HubControl:
        """The way past the API of Security Hub, in the home Region."""
        return self.process.control

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return self.control.endpoint

    def client(self, service: str, *, config: Config | None = None) -> Any:
        """Return a boto3 client with dummy credentials. Without a `config` it is shared and never retries."""
        if config is not None:
            return self._new_client(service, config)
        key = (self.account, self.region, service)
        if key not in self._clients:
            self._clients[key] = self._new_client(service, _ONE_ATTEMPT)
        return self._clients[key]

    def seen_from(self, region: str | None = None, *, account: str | None = None) -> "LocalCloud":
        """Return this local AWS with clients and deployments elsewhere; it ends with this one.

        `control` stays that of the home account and Region.
        """
        other = copy.copy(self)
        other.account, other.region = account or self.account, region or self.region
        return other

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which any AWS tool talks to the local AWS."""
        trust = {"AWS_CA_BUNDLE": str(self.control.certificate)} if self.control.certificate else {}
        return (
            lateness(self._options.settings)
            | trust
            | {
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
        )

    def deploy(self, assembly: Path) -> dict[str, dict[str, str]]:
        """Deploy what a cloud assembly (`cdk.out`) has for this Region; outputs by stack name."""
        return deploy.deploy(self.client, assembly, account=self.account, region=self.region)

    def destroy(self, assembly: Path) -> None:
        """Delete the stacks that a cloud assembly has for this Region."""
        deploy.destroy(self.client, assembly, region=self.region)

    def queue_depths(self) -> dict[str, int]:
        """Count the messages of each queue by name: waiting, in flight and delayed."""
        return {name: self._depth(url) for name, url in self._queue_urls().items()}

    def _depth(self, url: str) -> int:
        asked = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(_DEPTHS))
        return sum(int(asked["Attributes"][name]) for name in _DEPTHS)

    def wait_until_idle(self, timeout: float = 60.0) -> None:
        """Wait until no state machine runs, no event is under way, and every queue of a function is empty.

        Raises LocalCloudError with what is left when that does not happen in time.
        """
        deadline = time.monotonic() + timeout
        last: Callable[[], bool] = self._has_events
        # What was at work the last time is asked about alone: each question costs calls.
        while (question := last if last() else self._at_work()) is not None:
            last = question
            if time.monotonic() > deadline:
                left = {
                    "events": self.control.events(),
                    "queues": self._read_queues(),
                    "executions": self.running_executions(),
                }
                raise LocalCloudError(f"not idle after {timeout:g} s: {left}")
            time.sleep(_POLL)

    def log_messages(self, group_prefix: str = "/aws/") -> Iterator[str]:
        """Yield the messages of all CloudWatch log groups with this prefix, oldest first in each group."""
        logs = self.client("logs")
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group_prefix):
            for group in page["logGroups"]:
                pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
                for events in pages:
                    yield from (event["message"] for event in events["events"])

    def process_log(self) -> str:
        """Return what the process has written so far: its own log, for when something is wrong."""
        return self.process.log()

    def is_idle(self) -> bool:
        """Say whether no state machine runs, no event is under way, and each function's queue is empty."""
        return self._at_work() is None

    def _at_work(self) -> Callable[[], bool] | None:
        """Return the question that says that something is at work, None if nothing is."""
        # It is asked all the time, so what costs least comes first.
        for question in (self._has_events, self._has_messages, self._has_executions):
            if question():
                return question
        # Events before, queues, events after: a function may turn a message into events meanwhile.
        before = self.control.events()
        if before["under_way"] or self._has_messages():
            return self._has_messages
        return None if self.control.events() == before else self._has_events

    def _has_events(self) -> bool:
        return bool(self.control.events()["under_way"])

    def _has_messages(self) -> bool:
        return any(self._read_queues().values())

    def _has_executions(self) -> bool:
        return bool(self.running_executions())

    def running_executions(self) -> list[str]:
        """Return the names of the executions of state machines that run now."""
        states = self.client("stepfunctions")
        return [
            execution["name"]
            for machine in states.list_state_machines()["stateMachines"]
            for execution in states.list_executions(
                stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
            )["executions"]
        ]

    def _read_queues(self) -> Mapping[str, int]:
        """Return the depths of the queues with an event source mapping."""
        mappings = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        read = {mapping["EventSourceArn"].rpartition(":")[2] for mapping in mappings}
        return {name: self._depth(url) for name, url in self._queue_urls().items() if name in read}

    def _queue_urls(self) -> Mapping[str, str]:
        urls = self.client("sqs").list_queues().get("QueueUrls", [])
        return {url.rpartition("/")[2]: url for url in urls}

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


def _listener(port: int) -> Listener:
    try:
        return Listener(port)
    except OSError as error:
        raise LocalCloudError(f"port {port} of 127.0.0.1 cannot be used: {error.strerror}") from error


def _report(crashes: list[Crash]) -> None:
    """Raise for crashes of our own code; warn of those of the emulator."""
    ours = [crash for crash in crashes if crash.ours]
    for crash in crashes:
        if not crash.ours:
            _LOG.warning("the emulator itself failed: %s", crash)
    if ours:
        raise LocalCloudError("the local AWS crashed inside:\n" + "\n".join(map(str, ours)))
