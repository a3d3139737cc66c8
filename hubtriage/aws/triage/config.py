"""Settings of the triage function, which the sweep function shares."""

from dataclasses import dataclass
from typing import Literal

from hubtriage.aws.decision_events.variables import BUS_VARIABLE
from hubtriage.aws.environment import EnvironmentConfig, names, number, one_of, setting, some_of, text, whole
from hubtriage.aws.ledger.lease import LEAST_LEASE, SHORTEST_LEASE
from hubtriage.aws.ledger.table import LEASE_VARIABLE, TABLE_VARIABLE
from hubtriage.aws.securityhub.api import BY_DEFAULT, CSPM, V2
from hubtriage.engine.planning.plan import Settings

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
RULESET = "HUBTRIAGE_RULESET"
ROLE_VARIABLE = "HUBTRIAGE_ROLE_ARN"


@dataclass(frozen=True, slots=True)
class TriageConfig(EnvironmentConfig):
    """What a deployment may set. Rates are this container's share, not the account's quota."""

    service: str = setting("POWERTOOLS_SERVICE_NAME", text, "name in logs and metrics", "hubtriage")
    namespace: str = setting(
        "POWERTOOLS_METRICS_NAMESPACE", text, "CloudWatch metrics namespace", "hubtriage"
    )
    udf: Literal["replace", "merge"] = setting(
        "HUBTRIAGE_UDF",
        one_of("replace", "merge"),
        "what a call does to UserDefinedFields: replace or merge",
        "replace",
    )
    never: frozenset[str] = setting(
        "HUBTRIAGE_NEVER",
        names,
        "fields that are never set, because IAM denies them; by commas",
        frozenset(),
    )
    hubs: frozenset[str] = setting(
        "HUBTRIAGE_HUBS",
        some_of(CSPM, V2),
        "hubs whose findings are triaged, cspm or v2; by commas",
        BY_DEFAULT,
        explicit=False,
    )
    ledger_table: str = setting(TABLE_VARIABLE, text, "DynamoDB table that is the ledger", "", explicit=False)
    lease: float = setting(
        LEASE_VARIABLE,
        number(SHORTEST_LEASE, 86_400),
        "how long an intent in the ledger is left to who opened it",
        float(LEAST_LEASE),
    )
    role: str = setting(
        ROLE_VARIABLE,
        text,
        "the function's own role, as histories name it; without one, AWS is asked",
        "",
        explicit=False,
    )
    mode_parameter: str = setting(
        "HUBTRIAGE_MODE_PARAMETER",
        text,
        "SSM parameter that holds enforce, reopen or observe; without one, enforce",
        "",
        explicit=False,
    )
    queue: str = setting(
        "HUBTRIAGE_QUEUE_ARN",
        text,
        "the queue whose messages alone are taken; without one, any event",
        "",
        explicit=False,
    )
    queue_url: str = setting(
        "HUBTRIAGE_QUEUE_URL", text, "the queue's URL; without one, that of its ARN", "", explicit=False
    )
    hand_back_action: str = setting(
        "HUBTRIAGE_HAND_BACK_ACTION",
        text,
        "ARN of the Custom Action that hands findings back; without one, none does",
        "",
        explicit=False,
    )
    event_bus: str = setting(
        BUS_VARIABLE,
        text,
        "EventBridge bus for decision events; without one, none is sent",
        "",
        explicit=False,
    )
    hide_limit: int = setting(
        "HUBTRIAGE_HIDE_LIMIT",
        whole(1, 1_000_000),
        "findings that a container may hide in 5 minutes, those of sweeps apart",
        2000,
    )
    calls_per_second: float = setting(
        "HUBTRIAGE_CALLS_PER_SECOND", number(0.01), "BatchUpdateFindings calls", 4.0
    )
    reads_per_second: float = setting("HUBTRIAGE_READS_PER_SECOND", number(0.01), "GetFindings calls", 1.0)
    histories_per_second: float = setting(
        "HUBTRIAGE_HISTORIES_PER_SECOND", number(0.01), "GetFindingHistory calls", 2.0, explicit=False
    )
    refresh_age: float = setting(
        "HUBTRIAGE_REFRESH_AGE_SECONDS",
        number(0),
        "age of an event above which its finding is read again",
        30.0,
    )
    patience: int = setting(
        "HUBTRIAGE_NOT_FOUND_RECEIVES",
        whole(1, 1000),
        "deliveries until a finding that is not found is refused",
        3,
        explicit=False,
    )
    margin: float = setting(
        "HUBTRIAGE_MARGIN_SECONDS",
        number(0),
        "time left at which no call starts any more; above the read timeout",
        15.0,
        explicit=False,
    )
    log_level: str = setting("HUBTRIAGE_LOG_LEVEL", one_of(*LEVELS), "DEBUG, INFO, WARNING or ERROR", "INFO")
    ruleset: str = setting(RULESET, text, "path of the compiled rule set", "ruleset.json", explicit=False)

    def engine_settings(self) -> Settings:
        """Return the part of it that the engine needs."""
        return Settings(udf=self.udf, never=self.never)
