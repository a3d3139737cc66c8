"""Starts ministack with Security Hub beside its services, on loopback.

The only module that touches ministack's internals, so exactly one version of it will do
(`check_ministack` says so). What is added, without changing its files:

- the securityhub service: routing, handler, IAM actions and resource for `AUTH=true`;
- events of source aws.securityhub, which PutEvents refuses to callers;
- queues that hand a Lambda function batches over ten, after the mapping's batching window;
- message move tasks of queues, and the dead-letter queues of EventBridge's targets;
- AWS::Logs::QueryDefinition in CloudFormation;
- metrics of functions' logs in the embedded metric format, and alarms that call functions;
- the control endpoint;
- a restart that keeps all of it, where `--durable` asks for that.
"""

import argparse
import asyncio
import contextlib
import contextvars
import importlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from hubtriage.local.condition_keys import condition_keys
from hubtriage.local.control import PREFIX, Control
from hubtriage.local.metrics import alarm_event, embedded_metrics
from hubtriage.local.moving import MoveTasks
from hubtriage.local.organization import ACCOUNTS
from hubtriage.local.service import HttpAnswer, HttpRequest, Hubs, SecurityHubService
from hubtriage.local.settings import HubSettings
from hubtriage.local.undelivered import with_dead_letters

MINISTACK = "1.5.33"
"""The version whose internals this module knows."""

_INTERNALS = {
    "ministack.app": ("app", "SERVICE_HANDLERS", "AUTH"),
    "ministack.core.router": ("SERVICE_PATTERNS", "extract_region"),
    "ministack.core.responses": ("StreamingResponse", "get_account_id", "get_region", "request_scope"),
    "ministack.core.iam_actions": (
        "SERVICE_TO_IAM_NAMESPACE",
        "_BOTOCORE_SERVICE_MAP",
        "extract_iam_action",
        "extract_resource_arn",
        "request_tag_context",
    ),
    "ministack.services.cloudwatch": ("record_metric", "_evaluate_all_alarms", "_dispatch_alarm_actions"),
    "ministack.core.iam_evaluator": (
        "request_caller_arn",
        "_resolve_condition_key",
        "EvalContext",
        "evaluate_resource_policy",
    ),
    "ministack.core.lambda_runtime": ("_workers", "_lock"),
    "ministack.core.tls": ("use_ssl_enabled", "resolve_tls_material"),
    "ministack.services.cloudformation.provisioners": ("_RESOURCE_HANDLERS",),
    "ministack.services.eventbridge": (
        "_dispatch_event",
        "_pattern_event_view",
        "_archive_event",
        "_invoke_target",
    ),
    "ministack.services.sqs": (
        "_receive_messages_for_esm",
        "_collect_msgs",
        "_queues_lock",
        "_get_q",
        "_expire_retained",
        "_queue_by_arn",
        "_queues",
        "_Err",
        "_HANDLERS",
    ),
    "ministack.services.lambda_svc": (
        "_esms",
        "_emit_lambda_logs",
        "_get_func_record_for_ref",
        "_execution_record_for_config",
        "_execute_function_with_config_scope",
    ),
}
CERTIFICATE = Path("ministack-tls", "server.crt")
"""Where ministack puts the certificate that it makes for itself, in its data folder."""

_EVENTS_AT_ONCE = 50
_TICK = 0.02
_PAYLOAD_LIMIT = 6 * 1024 * 1024
"""AWS: bytes of one batch of an SQS event source mapping."""
_RECORD_OVERHEAD = 1024

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class MinistackChangedError(RuntimeError):
    """The installed ministack is not the one whose internals this module knows."""


def check_ministack() -> None:
    """Raise MinistackChangedError unless ministack is the known version with the internals used here."""
    found = version("ministack")
    if found != MINISTACK:
        raise MinistackChangedError(
            f"ministack {MINISTACK} is needed, {found} is installed; run `make setup`"
        )
    for name, members in _INTERNALS.items():
        module = importlib.import_module(name)
        missing = [member for member in members if not hasattr(module, member)]
        if missing:
            raise MinistackChangedError(
                f"{name} has no {', '.join(missing)}; launcher.py has to follow ministack"
            )


class LocalAws:
    """The hubs and their places among ministack's services."""

    def __init__(self, settings: HubSettings, home: tuple[str, str], batching_window: float) -> None:
        self.hubs = Hubs(settings, home)
        self.control = Control(self.hubs, time.time, home)
        self._service = SecurityHubService(self.hubs, time.time)
        self._batching_window = batching_window
        self._started = asyncio.Event()

    def install(self) -> None:
        """Put Security Hub and the rest into ministack; it must not be serving yet."""
        _module("app").SERVICE_HANDLERS["securityhub"] = self._handle
        _module("core.router").SERVICE_PATTERNS["securityhub"] = {"host_patterns": [r"securityhub\."]}
        _authorize_security_hub()
        _authorize_requests_of_sqs()
        _know_roles_by_their_arn()
        _accept_query_definitions()
        _make_metrics_of_logs()
        _let_alarms_call_functions()
        bus, sqs = _module("services.eventbridge"), _module("services.sqs")
        bus._invoke_target = with_dead_letters(bus, sqs, _module("core.iam_evaluator"))
        sqs._HANDLERS.update(MoveTasks(sqs).handlers())
        sqs._receive_messages_for_esm = _Batches(self._batching_window).receive

    async def _handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> tuple[int, dict[str, str], Any]:
        """ministack's handler of one request of the Security Hub API."""
        responses = _module("core.responses")
        caller = _module("core.iam_evaluator").request_caller_arn(headers, query)
        account, region = responses.get_account_id(), responses.get_region()
        trace = headers.get("x-amzn-trace-id")
        answer = self._service.answer(HttpRequest(method, path, query, body, account, region, caller, trace))
        if answer.delay:
            await asyncio.sleep(answer.delay)
        sent = {"Content-Type": "application/json", **answer.headers}
        if answer.lost:
            return answer.status, {**sent, "Content-Length": str(len(answer.body))}, _broken_off(answer)
        return answer.status, sent, answer.body

    async def deliver(self, stop: asyncio.Event) -> None:
        """Put the hubs' events on their buses when they are due, until `stop`: what is due later stays."""
        await self._started.wait()
        while not stop.is_set():
            now = time.time()
            for hub in self.hubs.all():
                for event in hub.take_events(now, _EVENTS_AT_ONCE):
                    _put_on_bus(event)
            await asyncio.sleep(_TICK)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: the control endpoint, and ministack."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _module("app").app(scope, receive, self._noticing_start(send))
        else:
            await _module("app").app(scope, receive, send)

    def _noticing_start(self, send: Send) -> Send:
        """`send`, telling us when ministack has its stored rules and queues again."""

        async def told(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._started.set()
            await send(message)

        return told

    def _control_answer(self, scope: Scope, body: bytes) -> HttpAnswer:
        if (scope["method"], scope["path"]) == ("DELETE", f"{PREFIX}functions"):
            return HttpAnswer(200, json.dumps({"killed": _kill_functions()}).encode())
        query = parse_qs(scope.get("query_string", b"").decode())
        return self.control.answer(scope["method"], scope["path"], query, body)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = self._control_answer(scope, body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _module(name: str) -> Any:
    """A module of ministack, untyped: all that is used of it is in `_INTERNALS`."""
    return importlib.import_module(f"ministack.{name}")


def _broken_off(answer: HttpAnswer) -> Any:
    """An answer of which only the first half is sent before the connection ends."""

    async def run(send: Send, _receive: Receive) -> None:
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})

    return _module("core.responses").StreamingResponse(run)


def _kill_functions() -> int:
    """Kill the Lambda functions that are at work, as the failure of their host would; how many there were."""
    runtime = _module("core.lambda_runtime")
    with runtime._lock:
        busy = [worker._proc for pool in runtime._workers.values() for worker in pool if worker.in_use]
    killed = [process for process in busy if process is not None and process.poll() is None]
    for process in killed:
        process.kill()
    return len(killed)


def _put_on_bus(event: Mapping[str, Any]) -> None:
    """Put an event on the default bus of its account and Region, its id and time kept."""
    bus = _module("services.eventbridge")
    record = {
        "EventId": event["id"],
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "EventBusName": "default",
        "Time": event["time"],
        "Resources": event["resources"],
        "Account": event["account"],
        "Region": event["region"],
    }
    with _module("core.responses").request_scope(event["account"], event["region"]):
        view = bus._pattern_event_view(record)
        bus._dispatch_event(record, view)
        bus._archive_event(record, view)


def _authorize_security_hub() -> None:
    """Have `AUTH=true` evaluate policies for Security Hub: action by path, the hub as the resource.

    Which fields an update sets, and to what, are condition keys.
    """
    iam = _module("core.iam_actions")
    iam.SERVICE_TO_IAM_NAMESPACE["securityhub"] = "securityhub"
    iam._BOTOCORE_SERVICE_MAP["securityhub"] = ["securityhub"]
    original = iam.extract_resource_arn

    def extract_resource_arn(service: str, *args: Any) -> Any:
        if service == "events":  # AWS: a rule of the default bus has an ARN without the bus
            return original(service, *args).replace(":rule/default/", ":rule/")
        if service != "securityhub":
            return original(service, *args)
        return _resource(*args)

    tag_keys = iam.request_tag_context

    def request_keys(service: str, action: str, body: bytes, *args: Any) -> dict[str, Any]:
        if service != "securityhub":
            keys: dict[str, Any] = tag_keys(service, action, body, *args)
            return keys
        return condition_keys(action, body)

    iam.extract_resource_arn = extract_resource_arn
    iam.request_tag_context = request_keys


def _resource(
    _method: str, path: str, _headers: object, body: bytes, _query: object, region: str, account: str
) -> str:
    """AWS: the resource of an import is the product, of all else here the hub."""
    if path.rstrip("/") == "/findings/import":
        with contextlib.suppress(ValueError, LookupError, TypeError):
            return str(json.loads(body)["Findings"][0]["ProductArn"])
    return f"arn:aws:securityhub:{region}:{account}:hub/default"


def _authorize_requests_of_sqs() -> None:
    """AWS: who may send a message may send ten in one request; the resource of a move task is its source."""
    iam = _module("core.iam_actions")
    action_of, resource_of = iam.extract_iam_action, iam.extract_resource_arn

    def extract_iam_action(service: str, *args: Any) -> str | None:
        action: str | None = action_of(service, *args)
        return action.removesuffix("Batch") if service == "sqs" and action else action

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, *args: Any
    ) -> Any:
        source = _member(body, "SourceArn") if service == "sqs" else None
        return source or resource_of(service, method, path, headers, body, *args)

    iam.extract_iam_action = extract_iam_action
    iam.extract_resource_arn = extract_resource_arn


def _member(body: bytes, name: str) -> str | None:
    """A member of a request in JSON; None where there is none."""
    try:
        value = json.loads(body)[name]
    except (ValueError, LookupError, TypeError):
        return None
    return str(value)


def _know_roles_by_their_arn() -> None:
    """AWS: aws:PrincipalArn of a role's session is the ARN of the role, not of the session."""
    evaluator = _module("core.iam_evaluator")
    resolve = evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: Any) -> Any:
        value = resolve(key, context)
        if key.lower() == "aws:principalarn" and ":assumed-role/" in str(value):
            account, _, session = value.removeprefix("arn:aws:sts::").partition(":assumed-role/")
            return f"arn:aws:iam::{account}:role/{session.rpartition('/')[0]}"
        return value

    evaluator._resolve_condition_key = resolve_condition_key


def _accept_query_definitions() -> None:
    """CloudWatch Logs' saved queries in CloudFormation: accepted and kept nowhere."""

    def create(logical_id: str, properties: Mapping[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
        name = properties.get("Name", logical_id)
        return f"{stack}-{name}", {"QueryDefinitionId": f"{stack}-{name}"}

    def delete(_physical_id: str, _properties: Mapping[str, Any]) -> None:
        return None

    handlers = _module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    handlers["AWS::Logs::QueryDefinition"] = {"create": create, "delete": delete}


def _make_metrics_of_logs() -> None:
    """CloudWatch's embedded metric format: lines of a function's log become metrics, and alarms see them."""
    functions, watch = _module("services.lambda_svc"), _module("services.cloudwatch")
    write = functions._emit_lambda_logs

    def emit(func: Any, request_id: str, log_text: str, *args: Any, **options: Any) -> None:
        write(func, request_id, log_text, *args, **options)
        metrics = list(embedded_metrics(log_text or ""))
        for metric in metrics:
            watch.record_metric(metric.namespace, metric.name, metric.value, metric.unit, metric.dimensions)
        if metrics:
            watch._evaluate_all_alarms()

    functions._emit_lambda_logs = emit


def _let_alarms_call_functions() -> None:
    """AWS: a function may be an action of an alarm; it gets the new state, asynchronously."""
    watch = _module("services.cloudwatch")
    notify = watch._dispatch_alarm_actions

    def dispatch(alarm: Mapping[str, Any], old_state: str, new_state: str, reason: str) -> None:
        notify(alarm, old_state, new_state, reason)
        if alarm.get("ActionsEnabled", True):
            for action in alarm.get(_ALARM_ACTIONS.get(new_state, ""), ()):
                if action.startswith("arn:aws:lambda:"):
                    event = alarm_event(alarm, new_state, reason)
                    run = contextvars.copy_context().run  # its account and Region
                    threading.Thread(target=run, args=(_call_function, action, event), daemon=True).start()

    watch._dispatch_alarm_actions = dispatch


_ALARM_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


def _call_function(arn: str, event: dict[str, Any]) -> None:
    functions = _module("services.lambda_svc")
    record, config, _name = functions._get_func_record_for_ref(arn)
    functions._execute_function_with_config_scope(
        functions._execution_record_for_config(record, config), event
    )


class _Batches:
    """Messages for a Lambda function, in batches as large as its mapping wants.

    ministack gives at most ten at a time and knows no batching window. AWS: a batch goes when it is full
    (by count, or at 6 MB) or when its window is over.
    """

    def __init__(self, longest_window: float) -> None:
        self._longest_window = longest_window
        self._waiting_since: dict[str, float] = {}

    def receive(self, queue_url: str, batch_size: int) -> list[dict[str, Any]]:
        """Take a batch from a queue, or nothing as long as it is worth waiting for more."""
        sqs = _module("services.sqs")
        with sqs._queues_lock:
            queue = sqs._get_q(queue_url)
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)
            count = self._worth(queue, queue_url, batch_size)
            if not count:
                return []
            self._waiting_since.pop(queue_url, None)
            timeout = int(queue["attributes"].get("VisibilityTimeout", "30"))
            messages: list[dict[str, Any]] = sqs._collect_msgs(queue, count, timeout)
            return messages

    def _worth(self, queue: Mapping[str, Any], queue_url: str, batch_size: int) -> int:
        """How many messages to take now."""
        now = time.time()
        sizes = [
            len(m["body"]) + _RECORD_OVERHEAD for m in queue["messages"] if m.get("visible_at", 0) <= now
        ]
        count = _fitting(sizes[:batch_size])
        if not count:
            return 0
        full = count == batch_size or count < len(sizes)
        since = self._waiting_since.setdefault(queue_url, now)
        return count if full or now - since >= self._window(queue) else 0

    def _window(self, queue: Mapping[str, Any]) -> float:
        """The batching window of the mapping that reads the queue, at most the longest allowed here."""
        arn = queue["attributes"].get("QueueArn")
        mappings = _module("services.lambda_svc")._esms.all_values()
        windows = [
            m.get("MaximumBatchingWindowInSeconds") or 0 for m in mappings if m.get("EventSourceArn") == arn
        ]
        return min(self._longest_window, max(windows, default=0))


def _fitting(sizes: list[int]) -> int:
    """How many of the first messages fit into one payload; one always does."""
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if total > _PAYLOAD_LIMIT and count:
            return count
    return len(sizes)


def prepare_environment(options: argparse.Namespace) -> None:
    """Set what ministack reads from the environment while it is imported: loopback, one account, no extras.

    Lambda functions inherit it: they find every service at `--lambda-endpoint`, by default this process.
    """
    port, account, region, data = options.port, options.account, options.region, options.data
    scheme = "https" if options.auth else "http"
    os.environ.update(
        {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "localhost",
            "AUTH": str(options.auth).lower(),
            "USE_SSL": str(int(options.auth)),
            "MINISTACK_ACCOUNT_ID": account,
            "MINISTACK_REGION": region,
            "AWS_ENDPOINT_URL": options.lambda_endpoint or f"{scheme}://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": region,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "S3_DATA_DIR": str(data / "s3"),
            "TMPDIR": str(data),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{data}/no-docker.sock",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        }
    )
    if options.durable:
        os.environ.update({"PERSIST_STATE": "1", "STATE_DIR": str(data / "state")})
    if options.auth:
        # For boto3, and for what talks to us without it, such as a custom resource's answer.
        os.environ["AWS_CA_BUNDLE"] = os.environ["SSL_CERT_FILE"] = str(data / CERTIFICATE)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ.pop(name, None)
    os.environ.setdefault("LOG_LEVEL", "WARNING")


async def serve(local: LocalAws, port: int) -> None:
    """Serve on loopback until SIGTERM or SIGINT."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = config.shutdown_timeout = 0.5
    config.loglevel = os.environ["LOG_LEVEL"]
    tls = _module("core.tls")
    if tls.use_ssl_enabled():
        config.certfile, config.keyfile = tls.resolve_tls_material()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    delivering = asyncio.create_task(local.deliver(stop))
    delivering.add_done_callback(lambda _: stop.set())
    await hypercorn_serve(local.app, config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]
    if delivering.done():
        delivering.result()
    delivering.cancel()


def _stop_with_parent() -> None:
    """End when standard input does: whoever started us holds its other end, and may die without a word."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _end_functions() -> None:
    """End the Lambda functions we started, as nobody may be left to do it."""
    if os.getpid() == os.getpgrp():
        os.killpg(os.getpgrp(), signal.SIGKILL)


def main(arguments: list[str] | None = None) -> None:
    """Run the local AWS in this process."""
    parser = argparse.ArgumentParser(prog="python -m hubtriage.local.launcher", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder for objects and unpacked functions")
    parser.add_argument("--settings", type=json.loads, default={}, help="HubSettings as JSON")
    parser.add_argument(
        "--batching-window", type=float, default=1.0, help="longest batching window kept, seconds"
    )
    parser.add_argument("--lambda-endpoint", help="where Lambda functions find AWS, e.g. a proxy")
    parser.add_argument("--auth", action="store_true", help="evaluate IAM policies; this needs TLS")
    parser.add_argument(
        "--durable", action="store_true", help="begin with what --data has, and leave it there"
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input ends")
    options = parser.parse_args(arguments)
    if not options.stop_with_stdin:
        _run(options)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _stop_with_parent()
    try:
        _run(options)
    finally:
        if not options.durable:
            shutil.rmtree(options.data, ignore_errors=True)
        _end_functions()


def _organization(options: argparse.Namespace) -> dict[str, Any]:
    """Where the settings leave it open: our account administers the organisation, in its home Region."""
    others = [account.id for account in ACCOUNTS if account.id != options.account]
    place = {"administrator": options.account, "members": others, "home_region": options.region}
    return {name: options.settings.get(name) or value for name, value in place.items()}


def _run(options: argparse.Namespace) -> None:
    prepare_environment(options)
    check_ministack()
    names = {"account_names": {account.id: account.name for account in ACCOUNTS}}
    settings = HubSettings.from_json(names | options.settings | _organization(options))
    local = LocalAws(settings, (options.account, options.region), options.batching_window)
    local.install()
    stored = options.data / "hubs.pickle"
    if options.durable and stored.exists():
        local.hubs.restore(stored.read_bytes())
    asyncio.run(serve(local, options.port))
    if options.durable:
        stored.write_bytes(local.hubs.stored())


if __name__ == "__main__":
    main()
