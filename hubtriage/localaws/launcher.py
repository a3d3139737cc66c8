"""Starts ministack with Security Hub beside its services, on loopback.

What is added, each without changing ministack's files (`hubtriage/local/ministack`):

- the securityhub service: routing, handler, IAM actions and resource for `AUTH=true`;
- events of source aws.securityhub, which PutEvents refuses to callers;
- queues that hand a Lambda function batches over ten, after the mapping's batching window;
- message move tasks of queues, and the dead-letter queues of EventBridge's targets;
- AWS::Logs::QueryDefinition in CloudFormation;
- all that functions write in their logs; metrics of these in the embedded metric format, and alarms that
  call functions;
- the control endpoint;
- a restart that keeps all of it, where `--durable` asks for that.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from hubtriage.localaws.ministack.access import authorize
from hubtriage.localaws.ministack.batches import Batches, hand_out_again_soon
from hubtriage.localaws.ministack.cloudwatch import watch
from hubtriage.localaws.ministack.eventbridge_dlq import with_dead_letters
from hubtriage.localaws.ministack.functions import end_batches, keep_all_output, kill_functions
from hubtriage.localaws.ministack.internals import check_ministack, module
from hubtriage.localaws.ministack.sqs_move_tasks import MoveTasks
from hubtriage.localaws.organization import ACCOUNTS
from hubtriage.localaws.securityhub.control import PREFIX, Control
from hubtriage.localaws.securityhub.service import HttpAnswer, HttpRequest, Hubs, SecurityHubService
from hubtriage.localaws.securityhub.settings import HubSettings

CERTIFICATE = Path("ministack-tls", "server.crt")
"""Where ministack puts the certificate that it makes for itself, in its data folder."""

_EVENTS_AT_ONCE = 50
_TICK = 0.02

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LocalAws:
    """The hubs and their places among ministack's services."""

    def __init__(self, settings: HubSettings, home: tuple[str, str], batching_window: float) -> None:
        self.hubs = Hubs(settings, home)
        self.control = Control(self.hubs, time.time, home)
        self._service = SecurityHubService(self.hubs, time.time)
        self._batches = Batches(batching_window)
        self._started = asyncio.Event()

    def install(self) -> None:
        """Put Security Hub and the rest into ministack; it must not be serving yet."""
        module("app").SERVICE_HANDLERS["securityhub"] = self._handle
        module("core.router").SERVICE_PATTERNS["securityhub"] = {"host_patterns": [r"securityhub\."]}
        authorize()
        keep_all_output()
        watch()
        bus, sqs = module("services.eventbridge"), module("services.sqs")
        bus._invoke_target = with_dead_letters(bus, sqs, module("core.iam_evaluator"))
        sqs._HANDLERS.update(MoveTasks(sqs).handlers())
        sqs._receive_messages_for_esm = self._batches.receive
        hand_out_again_soon()

    async def _handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> tuple[int, dict[str, str], Any]:
        """ministack's handler of one request of the Security Hub API."""
        responses = module("core.responses")
        caller = module("core.iam_evaluator").request_caller_arn(headers, query)
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

    def halt(self) -> None:
        """End what is being done with messages: queues, logs and findings are stored as of one moment."""
        self._batches.end()
        end_batches()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: the control endpoint, and ministack."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
        elif scope["type"] == "lifespan":
            await module("app").app(scope, receive, self._noticing_start(send))
        else:
            await module("app").app(scope, receive, send)

    def _noticing_start(self, send: Send) -> Send:
        """`send`, telling us when ministack has its stored rules and queues again."""

        async def told(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._started.set()
            await send(message)

        return told

    def _control_answer(self, scope: Scope, body: bytes) -> HttpAnswer:
        if (scope["method"], scope["path"]) == ("DELETE", f"{PREFIX}functions"):
            return HttpAnswer(200, json.dumps({"killed": kill_functions()}).encode())
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


def _broken_off(answer: HttpAnswer) -> Any:
    """An answer of which only the first half is sent before the connection ends."""

    async def run(send: Send, _receive: Receive) -> None:
        half = answer.body[: len(answer.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})

    return module("core.responses").StreamingResponse(run)


def _put_on_bus(event: Mapping[str, Any]) -> None:
    """Put an event on the default bus of its account and Region, its id and time kept."""
    bus = module("services.eventbridge")
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
    with module("core.responses").request_scope(event["account"], event["region"]):
        view = bus._pattern_event_view(record)
        bus._dispatch_event(record, view)
        bus._archive_event(record, view)


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
    for wait in ("SETTLE", "QUIET"):  # what is done shows at once here, and counts of messages are exact
        os.environ.setdefault(f"HUBTRIAGE_SWEEP_{wait}_SECONDS", "1")


async def serve(local: LocalAws, port: int) -> None:
    """Serve on loopback until SIGTERM or SIGINT; ministack then stores what it has, if it is durable."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = config.shutdown_timeout = 0.5
    config.loglevel = os.environ["LOG_LEVEL"]
    tls = module("core.tls")
    if tls.use_ssl_enabled():
        config.certfile, config.keyfile = tls.resolve_tls_material()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def halted() -> None:
        await stop.wait()
        await asyncio.to_thread(local.halt)

    delivering = asyncio.create_task(local.deliver(stop))
    delivering.add_done_callback(lambda _: stop.set())
    await hypercorn_serve(local.app, config, shutdown_trigger=halted)  # type: ignore[arg-type]
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
    parser = argparse.ArgumentParser(prog="python -m hubtriage.localaws.launcher", description=__doc__)
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
