"""ministack with Security Hub next to its services, as one ASGI application.

What is added, each without changing ministack's files (`hubtriage/localaws/ministack`):

- the securityhub service: routing, handler, IAM actions and resource for `AUTH=true`;
- events of source aws.securityhub, which PutEvents refuses to callers;
- queues that hand a Lambda function batches over ten, after the mapping's batching window;
- entries of PutEvents that fail one by one, and policies of buses;
- message move tasks of queues, and the dead-letter queues of EventBridge's targets;
- DynamoDB's tables as templates ask for them, and permissions by statement;
- faults of every service, as tests script them;
- AWS::Logs::QueryDefinition in CloudFormation;
- the code of functions, also where only https is served;
- functions that run as their roles, all that they write in their logs, metrics of these in the embedded
  metric format, and alarms that call functions;
- the control endpoint.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from hubtriage.localaws.ministack.access import authorize
from hubtriage.localaws.ministack.batches import Batches, hand_out_again_soon
from hubtriage.localaws.ministack.cloudwatch import watch
from hubtriage.localaws.ministack.code import hand_out_code
from hubtriage.localaws.ministack.dynamodb.handler import with_parts
from hubtriage.localaws.ministack.dynamodb.leading_keys import know_leading_keys
from hubtriage.localaws.ministack.dynamodb.statements import authorize_statements
from hubtriage.localaws.ministack.dynamodb.tables import keep_what_templates_ask
from hubtriage.localaws.ministack.event_bus import accept_bus_policies, with_entries
from hubtriage.localaws.ministack.eventbridge_dlq import with_dead_letters
from hubtriage.localaws.ministack.faults import ServiceFault, ServiceFaults, broken_off
from hubtriage.localaws.ministack.functions import end_batches, keep_all_output, kill_functions
from hubtriage.localaws.ministack.internals import module
from hubtriage.localaws.ministack.roles import run_functions_as_their_roles
from hubtriage.localaws.ministack.sqs_move_tasks import MoveTasks
from hubtriage.localaws.securityhub.http.control import PREFIX, ControlEndpoint
from hubtriage.localaws.securityhub.http.service import HttpAnswer, HttpRequest, Hubs, SecurityHubService
from hubtriage.localaws.securityhub.settings import HubSettings

_EVENTS_AT_ONCE = 50
_TICK = 0.02

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Gateway:
    """The hubs and their places among ministack's services."""

    def __init__(self, settings: HubSettings, home: tuple[str, str], batching_window: float) -> None:
        self.hubs = Hubs(settings, home)
        self.control = ControlEndpoint(self.hubs, time.time, home)
        self.faults = ServiceFaults()
        self._service = SecurityHubService(self.hubs, time.time)
        self._batches = Batches(batching_window)
        self._started = asyncio.Event()
        self._actions: Mapping[tuple[str, str], Callable[[Any], HttpAnswer]] = {
            ("DELETE", "functions"): lambda _: _json({"killed": kill_functions()}),
            ("GET", "service-faults"): lambda _: _json({"struck": self.faults.struck}),
            ("POST", "service-faults"): self._add_fault,
            ("DELETE", "service-faults"): self._clear_faults,
        }

    def install(self) -> None:
        """Put Security Hub and the rest into ministack, before it serves."""
        handlers = module("app").SERVICE_HANDLERS
        handlers["dynamodb"] = with_parts(handlers["dynamodb"], self.faults)
        handlers["events"] = with_entries(handlers["events"], self.faults)
        for name, handler in handlers.items():
            handlers[name] = self.faults.around(name, handler)
        handlers["securityhub"] = self._handle
        module("core.router").SERVICE_PATTERNS["securityhub"] = {"host_patterns": [r"securityhub\."]}
        authorize()
        authorize_statements()
        know_leading_keys()
        keep_what_templates_ask()
        accept_bus_policies()
        keep_all_output()
        run_functions_as_their_roles()
        watch()
        bus, sqs = module("services.eventbridge"), module("services.sqs")
        bus._invoke_target = with_dead_letters(bus, sqs, module("core.iam_evaluator"))
        sqs._HANDLERS.update(MoveTasks(sqs).handlers())
        sqs._receive_messages_for_esm = self._batches.receive
        hand_out_again_soon()
        hand_out_code()

    async def _handle(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> tuple[int, dict[str, str], Any]:
        """Answer one request of the Security Hub API, in the form that ministack expects."""
        responses = module("core.responses")
        caller = module("core.iam_evaluator").request_caller_arn(headers, query)
        account, region = responses.get_account_id(), responses.get_region()
        trace = headers.get("x-amzn-trace-id")
        answer = self._service.answer(HttpRequest(method, path, query, body, account, region, caller, trace))
        if answer.delay:
            await asyncio.sleep(answer.delay)
        sent = {"Content-Type": "application/json", **answer.headers}
        if answer.lost:
            half = answer.body[: len(answer.body) // 2]
            return answer.status, {**sent, "Content-Length": str(len(answer.body))}, broken_off(half)
        return answer.status, sent, answer.body

    async def deliver(self, stop: asyncio.Event) -> None:
        """Put the hubs' events on their buses when they are due, until `stop`; keep those due later."""
        await self._started.wait()
        while not stop.is_set():
            now = time.time()
            for hub in self.hubs.all():
                for event in hub.take_events(now, _EVENTS_AT_ONCE):
                    _put_on_bus(event)
            await asyncio.sleep(_TICK)

    def halt(self) -> None:
        """End work on messages, so that queues, logs and findings are stored as of one moment."""
        self._batches.end()
        end_batches()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the control endpoint, and ministack for the rest: the ASGI application."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
        elif scope["type"] == "lifespan":
            await module("app").app(scope, receive, self._noticing_start(send))
        else:
            await module("app").app(scope, receive, send)

    def _noticing_start(self, send: Send) -> Send:
        """Return a `send` that notices when ministack has its stored rules and queues again."""

        async def noticing(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._started.set()
            await send(message)

        return noticing

    def _add_fault(self, fault: Mapping[str, Any]) -> HttpAnswer:
        try:
            return _json({"number": self.faults.add(ServiceFault(**fault))})
        except (TypeError, ValueError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 400)

    def _clear_faults(self, _: object) -> HttpAnswer:
        self.faults.clear()
        return _json({})

    def _control_answer(self, scope: Scope, body: bytes) -> HttpAnswer:
        action = self._actions.get((scope["method"], scope["path"].removeprefix(PREFIX)))
        if action is not None:
            return action(json.loads(body or b"null"))
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


def _json(answer: Mapping[str, Any], status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, json.dumps(answer).encode())


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
