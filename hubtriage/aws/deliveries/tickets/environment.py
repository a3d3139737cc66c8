"""Make the function of a queue out of its environment: the settings as the stack writes them."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import botocore.session
from botocore.config import Config

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.deliveries.http import HttpClient, is_local
from hubtriage.aws.deliveries.items import TABLE_VARIABLE
from hubtriage.aws.deliveries.limits import TableLimit
from hubtriage.aws.deliveries.numbers import emit_deliveries
from hubtriage.aws.deliveries.secrets import SecretsManager, SecretStore
from hubtriage.aws.deliveries.tickets.desk import Desk
from hubtriage.aws.deliveries.tickets.function import TicketFunction
from hubtriage.aws.deliveries.tickets.held import DeskLog
from hubtriage.aws.deliveries.tickets.intake import Intake
from hubtriage.aws.deliveries.tickets.products.examination import examined
from hubtriage.aws.deliveries.tickets.products.kinds import product
from hubtriage.aws.deliveries.tickets.records.dynamodb import DynamoTickets, TicketsApi
from hubtriage.aws.deliveries.tickets.steps import TicketRules
from hubtriage.aws.environment import ConfigError, EnvironmentConfig, number, setting, text
from hubtriage.aws.logger import logger as make_logger

QUEUE_VARIABLE: Final = "QUEUE"
"""The variable with the queue's own table of `hubtriage.toml` and its name, as JSON."""
SCOPE_VARIABLE: Final = "TICKETS_SCOPE"
_ATTEMPT = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=2, read_timeout=5
)  # trying again is the table's
_TRIES = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=2, read_timeout=5)
_HURRY_BEGAN = 1_700_000_000.0


def queue_settings(variable: str, value: str) -> Mapping[str, Any]:
    """Read the settings of a queue. Raises ConfigError."""
    try:
        given = json.loads(value)
        needed = {name: given[name] for name in ("name", "kind", "url", "secret", "daily-limit", "reopen")}
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(variable, "", f"must be the settings of a queue: {error}") from None
    return {**given, **needed}


@dataclass(frozen=True, slots=True)
class TicketsConfig(EnvironmentConfig):
    """What a deployment sets."""

    queue: Mapping[str, Any] = setting(QUEUE_VARIABLE, queue_settings, "the queue, as JSON")
    table: str = setting(TABLE_VARIABLE, text, "DynamoDB table of tickets")
    scope: str = setting(SCOPE_VARIABLE, text, "what tells stacks apart that share a project")
    service: str = setting("POWERTOOLS_SERVICE_NAME", text, "name in logs and metrics", "hubtriage")
    namespace: str = setting(
        "POWERTOOLS_METRICS_NAMESPACE", text, "CloudWatch metrics namespace", "hubtriage"
    )
    hurry: float = setting(
        "HUBTRIAGE_TICKETS_HURRY",
        number(1, 10_000),
        "how many times as fast as a clock waiting goes; on the local AWS alone",
        1.0,
        explicit=False,
    )


class HurriedClock(SystemClock):
    """A clock whose time of day goes `factor` times as fast, the same in all functions.

    Waiting for minutes takes seconds then: for leases, quiet times and searches that lag.
    """

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def now(self) -> float:
        """Epoch seconds, ahead of the others."""
        return _HURRY_BEGAN + (time.time() - _HURRY_BEGAN) * self._factor


def ticket_function(environment: Mapping[str, str]) -> TicketFunction:
    """Return what Lambda calls; raises ConfigError."""
    config = TicketsConfig.from_environment(environment)
    queue, name = config.queue, str(config.queue["name"])
    is_hurried = config.hurry > 1 and is_local(environment)
    clock: Clock = HurriedClock(config.hurry) if is_hurried else SystemClock()
    session = botocore.session.get_session()
    secrets = cast("SecretsManager", session.create_client("secretsmanager", config=_TRIES))
    store = SecretStore(secrets, str(queue["secret"]), SystemClock())
    try:
        made = product(queue, HttpClient(local=is_local(environment)), store)
    except (ValueError, KeyError) as error:
        raise ConfigError(QUEUE_VARIABLE, "", str(error)) from None
    client = session.create_client("dynamodb", config=_ATTEMPT)
    table = DynamoTickets(cast("TicketsApi", client), config.table, name, clock)
    limits = session.create_client("dynamodb", config=_TRIES)
    logger = make_logger(config.service, "INFO")
    desk = Desk(
        table,
        made.service,
        TableLimit(limits, config.table, name, int(queue["daily-limit"])),
        clock,
        TicketRules(
            reopen=queue["reopen"] == "always",
            accepted=frozenset(str(each) for each in queue.get("accepted", ())),
            search_lag=made.search_lag,
        ),
        config.scope,
        cast("DeskLog", logger),
    )

    def emit(counts: Mapping[str, int]) -> None:
        emit_deliveries(counts, name, config.namespace, config.service)

    def examine() -> dict[str, Any]:
        return examined(name, str(queue["kind"]), made.check)

    return TicketFunction(Intake(table, name, clock), desk, emit, logger, examine)
