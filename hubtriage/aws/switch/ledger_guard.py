"""The guard of the ledger: while the ledger does not answer, nothing is read from the queue.

Without the ledger triage does nothing, and every delivery of a message counts. So an outage of hours would
make all findings dead letters. Every few minutes the guard tries to write. If it cannot, it pauses the event
source mapping of the triage function, and resumes it once it can. The queue keeps messages for two weeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import botocore.session
from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from botocore.config import Config
from botocore.exceptions import ClientError

from hubtriage.aws.environment import EnvironmentConfig, setting, text
from hubtriage.aws.ledger.table import KEY, TABLE_VARIABLE
from hubtriage.aws.logger import logger as make_logger
from hubtriage.aws.securityhub.faults import API_ERRORS, call_fault

PROBE = "probe"
"""The key that the guard asks for; no entry has it, as the keys of entries are hashes."""
METRIC = "IntakePaused"
STABLE = ("Enabled", "Disabled")
"""AWS: a mapping in any other state takes no change."""
PATIENCE = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "max_attempts": 4})
"""A single failure pauses nothing; together all attempts take less than a minute."""


def mark_name(stack: str) -> str:
    """Return the name of the parameter that is there while the guard has paused the intake of a stack."""
    return f"/hubtriage/{stack}/paused"


class Table(Protocol):
    """botocore's client of DynamoDB, as far as the guard uses it."""

    def put_item(self, **request: Any) -> Any:
        """Write an item."""


class Mappings(Protocol):
    """botocore's client of Lambda, as far as the guard uses it."""

    def get_event_source_mapping(self, **request: Any) -> Any:
        """Read a mapping."""

    def update_event_source_mapping(self, **request: Any) -> Any:
        """Change a mapping."""


class Marks(Protocol):
    """botocore's client of Systems Manager, as far as the guard uses it."""

    def get_parameter(self, **request: Any) -> Any:
        """Read a parameter."""

    def put_parameter(self, **request: Any) -> Any:
        """Create or set a parameter."""

    def delete_parameter(self, **request: Any) -> Any:
        """Delete a parameter."""


@dataclass(frozen=True, slots=True)
class LedgerGuardConfig(EnvironmentConfig):
    """What a deployment sets."""

    table: str = setting(TABLE_VARIABLE, text, "name of the ledger's table")
    mapping: str = setting("HUBTRIAGE_MAPPING", text, "id of the event source mapping that feeds triage")
    mark: str = setting(
        "HUBTRIAGE_PAUSED_PARAMETER", text, "SSM parameter that is there while the intake is paused"
    )
    service: str = setting("POWERTOOLS_SERVICE_NAME", text, "name in logs and metrics", "hubtriage")
    namespace: str = setting(
        "POWERTOOLS_METRICS_NAMESPACE", text, "CloudWatch metrics namespace", "hubtriage"
    )


class LedgerGuard:
    """What is called every few minutes. It resumes what it has paused itself, and nothing that people paused.

    A parameter marks the pause as the guard's. It is made before the pause, and deleted once the mapping is
    at work again. So a run that dies in between leaves nothing that the next one does not put right.
    """

    def __init__(
        self, table: Table, mappings: Mappings, marks: Marks, config: LedgerGuardConfig, logger: Logger
    ) -> None:
        self._table = table
        self._mappings = mappings
        self._marks = marks
        self._config = config
        self._logger = logger

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "LedgerGuard":
        """Read the settings and make the clients; raises ConfigError."""
        config = LedgerGuardConfig.from_environment(environment)
        make = botocore.session.get_session().create_client
        table = make("dynamodb", config=PATIENCE)
        return cls(table, make("lambda"), make("ssm"), config, make_logger(config.service, "INFO"))

    def __call__(self, _event: object, _context: object) -> dict[str, str]:
        """Look at the ledger, and pause or resume; returns what was done. Raises botocore's errors."""
        reason = self._why_not()
        state = self._mappings.get_event_source_mapping(UUID=self._config.mapping)["State"]
        return {"done": self._resume(state) if reason is None else self._pause(state, reason)}

    def _why_not(self) -> str | None:
        """Return why the ledger does not take a write; None if it would.

        The write has a condition that never holds. So it changes nothing, and yet needs what a write needs.
        """
        try:
            self._table.put_item(
                TableName=self._config.table,
                Item={KEY: {"S": PROBE}},
                ConditionExpression="attribute_exists(#key)",
                ExpressionAttributeNames={"#key": KEY},
            )
        except API_ERRORS as error:
            fault = call_fault(error)
            return (
                None if fault.code == "ConditionalCheckFailedException" else f"{fault.code}: {fault.message}"
            )
        return None

    def _pause(self, state: str, reason: str) -> str:
        if state == "Enabled":
            self._marks.put_parameter(
                Name=self._config.mark, Value=self._config.mapping, Type="String", Overwrite=True
            )
            self._mappings.update_event_source_mapping(UUID=self._config.mapping, Enabled=False)
            self._logger.error("intake paused", extra={"reason": reason})
        elif not self._is_marked():
            return "nothing"
        with single_metric(
            METRIC,
            MetricUnit.Count,
            1,
            namespace=self._config.namespace,
            default_dimensions={"service": self._config.service},
        ):
            pass
        return "paused"

    def _resume(self, state: str) -> str:
        if state not in STABLE or not self._is_marked():
            return "nothing"
        if state == "Enabled":
            self._marks.delete_parameter(Name=self._config.mark)
            return "nothing"
        self._mappings.update_event_source_mapping(UUID=self._config.mapping, Enabled=True)
        self._logger.warning("intake resumed")
        return "resumed"

    def _is_marked(self) -> bool:
        """Say whether the guard has paused this mapping. A mark of a mapping that is gone says nothing."""
        try:
            mark = self._marks.get_parameter(Name=self._config.mark)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ParameterNotFound":
                raise
            return False
        return bool(mark["Parameter"]["Value"] == self._config.mapping)
