"""Every setting of a deployment: its name, type, limits, default and description."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from hubtriage.authoring.deliveries import KnownDeliveries
from hubtriage.engine.ruleset.delivery import Routes
from hubtriage.settings.capacity import LAMBDA_MAX_TIMEOUT_SECONDS, Capacity, derive_capacity
from hubtriage.settings.deliveries import Channels, Queues, RouteTables, deliveries_document
from hubtriage.settings.setting_types import (
    AccountId,
    Accounts,
    ActionId,
    Architecture,
    Emails,
    FieldNames,
    Hubs,
    KeyArns,
    LinkedRegions,
    NoticeDays,
    Owners,
    PolicyArn,
    Region,
    Regions,
    RetentionDays,
    RuleTags,
    RunbookUrl,
    StackName,
    TableName,
    Tags,
    TimeOfDay,
    TimeZone,
    owner_and_address,
    region_of,
)


def kebab_case(name: str) -> str:
    """Return the name of a setting as it is written in the context."""
    return name.replace("_", "-")


class SettingFields(BaseModel):
    """Every setting with its type, limits and default; the defaults are what most accounts should run."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=kebab_case, populate_by_name=True)

    stack_name: StackName = Field(
        "hubtriage",
        description="name of the stack, and the prefix of the names of its resources",
        examples=["hubtriage"],
    )
    account: AccountId | None = Field(
        None, description="refuse to deploy to any other account", examples=["111122223333"]
    )
    home_region: Region | None = Field(
        None,
        description="Region in which findings are aggregated: one stack there triages all of them",
        examples=["eu-central-1"],
    )
    linked_regions: LinkedRegions = Field(
        (),
        description="Regions whose findings are aggregated in home-region, if not all are",
        examples=["eu-west-1"],
    )
    regions: Regions = Field(
        (),
        description="Regions whose findings are not aggregated: each gets a stack of its own",
        examples=["us-east-1"],
    )
    hubs: Hubs = Field(
        ("cspm",),
        description="hubs whose findings are triaged: cspm, v2 or both",
        examples=["cspm,v2"],
    )
    rules: Path = Field(Path("rules"), description="folder of the rules to deploy")
    only_rules_tagged: RuleTags = Field(
        (), description="deploy only the rules that have one of these tags", examples=["production"]
    )
    without_rules_tagged: RuleTags = Field(
        (), description="leave out the rules that have one of these tags", examples=["experimental"]
    )
    allow_empty: bool = Field(
        False, description="deploy even if no rule is in force: everything is taken back"
    )
    udf: Literal["replace", "merge"] = Field(
        "replace", description="what BatchUpdateFindings does with user-defined fields that a call leaves out"
    )
    initial_mode: Literal["enforce", "reopen", "observe"] = Field(
        "enforce", description="mode of the stack after the first deployment"
    )
    ledger_table: TableName | None = Field(
        None,
        description="name of a table of this account and Region to use as the ledger instead of a new one",
        examples=["hubtriage-ledger"],
    )
    tickets_table: TableName | None = Field(
        None,
        description="name of a table of this account and Region to use for tickets instead of a new one",
        examples=["hubtriage-tickets"],
    )
    never: FieldNames = Field(
        (),
        description="fields that are never set: rules that set them are refused, and IAM denies them",
        examples=["Severity.Label"],
    )
    hand_back_action: ActionId | None = Field(
        None,
        description="id of a Custom Action to create, with which people hand back findings in the console",
        examples=["handback"],
    )
    architecture: Architecture = Field("arm64", description="processor of the Lambda function")
    memory_mb: int = Field(512, ge=128, le=10240, description="memory of the Lambda function, MB")
    batch_size: int = Field(1000, ge=1, le=10000, description="most events in one invocation")
    batch_window_seconds: int = Field(
        5, ge=1, le=300, description="longest wait for a batch to fill: more delay, fewer API calls"
    )
    maximum_concurrency: int = Field(
        2, ge=2, le=100, description="most invocations at once; they share the calls that AWS allows"
    )
    reserved_concurrency: int | None = Field(
        None, ge=1, description="concurrency reserved for the function from the account's pool"
    )
    calls_per_second: float = Field(
        8, gt=0, le=10, description="BatchUpdateFindings calls of all invocations together (AWS allows 10)"
    )
    reads_per_second: float = Field(
        1.5, gt=0, le=3, description="GetFindings calls of all invocations together (AWS allows 3)"
    )
    sweep_reads_per_second: float = Field(
        1.2,
        gt=0,
        le=3,
        description="GetFindings calls of the sweep; AWS allows 3 together with those of the function",
    )
    sweep_time: TimeOfDay = Field("00:10", description="when the daily sweep starts", examples=["00:10"])
    time_zone: TimeZone = Field("UTC", description="time zone of the daily sweep", examples=["Europe/Berlin"])
    sweep_hide_limit: int = Field(
        10_000,
        ge=0,
        le=1_000_000,
        description="findings that a sweep without a budget may hide; what it takes back has no limit",
    )
    sweep_reopen_limit: int = Field(
        1000,
        ge=0,
        le=1_000_000,
        description="findings that the sweep after a deployment may reopen before it waits for a person",
    )
    sweep_queue_limit: int = Field(
        1000, ge=1, le=100_000, description="messages in the queue at which the sweep waits"
    )
    sweep_wait_seconds: int = Field(
        30, ge=1, le=300, description="how long the sweep then waits before it looks again"
    )
    refresh_age_seconds: int = Field(
        30, ge=0, le=3600, description="read a finding again before changing it if its event is older"
    )
    timeout_seconds: int | None = Field(
        None, ge=1, le=LAMBDA_MAX_TIMEOUT_SECONDS, description="timeout of the function; computed by default"
    )
    maximum_receives: int = Field(
        10, ge=5, le=1000, description="deliveries of one event before it goes to the dead-letter queue"
    )
    breaker_limit: int = Field(
        2000,
        ge=1,
        le=1_000_000,
        description="findings that triage may hide in 5 minutes before it hides nothing new (mode reopen)",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="lowest level of log lines; DEBUG adds a line for every unchanged finding"
    )
    log_retention_days: RetentionDays = Field(365, description="days to keep the decision log")
    alarm_emails: Emails = Field(
        (),
        description="who gets the alarms that page now by e-mail; each address has to confirm once",
        examples=["soc@example.com"],
    )
    tomorrow_emails: Emails = Field(
        (),
        description="who gets the alarms that can wait until tomorrow, instead of alarm-emails",
        examples=["cloud-platform@example.com"],
    )
    notice_days: NoticeDays = Field(
        (30, 7),
        description="how many days before an exception ends its owner is notified; none: not at all",
        examples=["30,7"],
    )
    owners: Owners = Field(
        (),
        description="who gets the notices of each owner by e-mail; each address has to confirm once",
        examples=["cloud-platform=cloud@example.com"],
    )
    decision_events: bool = Field(
        False, description="put an event of each decision on an EventBridge bus of the stack"
    )
    event_readers: Accounts = Field(
        (),
        description="accounts that may make rules of their own on the bus of decision-events",
        examples=["444455556666"],
    )
    channels: Channels = Field(
        {}, description="where rules send messages to: a table [channels.NAME] for each"
    )
    queues: Queues = Field({}, description="where rules open tickets: a table [queues.NAME] for each")
    routes: RouteTables = Field(
        {},
        description="several channels or queues under one name, by owner or account: a table [routes.NAME]",
    )
    runbook_url: RunbookUrl | None = Field(
        None,
        description="address of your copy of docs/operating.md, for the links in alarms",
        examples=["https://git.example.com/triage/docs/operating.md"],
    )
    kms_keys: KeyArns = Field(
        (),
        description="ARN of your own key for ledger, queues, topic and logs in each Region",
        examples=["arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )
    permission_boundary: PolicyArn | None = Field(
        None,
        description="ARN of the managed policy that bounds every role of the stack",
        examples=["arn:aws:iam::111122223333:policy/boundary"],
    )
    tags: Tags = Field(
        (), description="tags of everything in the stack except the mode switch", examples=["team=security"]
    )

    @property
    def places(self) -> tuple[str | None, ...]:
        """The Regions that get a stack; None is the Region of the AWS credentials."""
        home = (self.home_region,) if self.home_region else ()
        return (*home, *(region for region in self.regions if region != self.home_region)) or (None,)

    @property
    def region(self) -> str | None:
        """The Region of a configuration with one place; None is the Region of the AWS credentials."""
        (place,) = self.places
        return place

    @property
    def kms_key(self) -> str | None:
        """The ARN of the key of a configuration with one place."""
        return self.kms_keys[0] if self.kms_keys else None

    @property
    def notified_owners(self) -> tuple[str, ...]:
        """The owners that have addresses for notices: names, or beginnings of names that end in `*`."""
        return tuple(sorted({owner for owner, _address in map(owner_and_address, self.owners)}))

    def known_deliveries(self, target: str | None = None) -> KnownDeliveries:
        """Return what rules may name in `notify` and `open-ticket`; `target` is the one of these settings."""
        return KnownDeliveries(
            channels=frozenset(self.channels),
            queues=frozenset(self.queues),
            routes=Routes.of(deliveries_document(self.routes, self.stack_name)).by_name,
            is_on=self.decision_events,
            target=target,
        )

    def at(self, place: str | None) -> Self:
        """Return the same choices for one of the places alone."""
        keys = tuple(key for key in self.kms_keys if place in (None, region_of(key)))
        regions = (place,) if place else ()
        alone = {"regions": regions, "home_region": None, "linked_regions": (), "kms_keys": keys}
        return self.model_copy(update=alone)

    @property
    def capacity(self) -> Capacity:
        """Timeouts and rates that fit these choices; raises CapacityError if none do."""
        return derive_capacity(
            batch_size=self.batch_size,
            window=self.batch_window_seconds,
            containers=self.maximum_concurrency,
            calls_per_second=self.calls_per_second,
            reads_per_second=self.reads_per_second,
            timeout=self.timeout_seconds,
        )
