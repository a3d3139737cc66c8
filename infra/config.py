"""What a deployer may choose: the CDK context values that start with `hubtriage:`.

Every value can stand in `cdk.json` under `context`, or on the command line as `-c hubtriage:NAME=VALUE`.
An unknown name or an impossible value ends synthesis: a misspelt setting must never be a silent default.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from hubtriage.authoring.never import check_names
from infra.sizes import LAMBDA_MAX_TIMEOUT_SECONDS, Sizes, fitting_sizes

PREFIX = "hubtriage:"
MOST_READS_PER_SECOND = 3  # AWS: GetFindings, per account and Region

# AWS: CloudWatch Logs accepts these retentions only.
LogRetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
Architecture = Literal["arm64", "x86_64"]


@dataclass(eq=False)
class ConfigurationError(ValueError):
    """Context values that cannot be used; `problems` holds one text for each."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


def _separate(value: object) -> object:
    """Read a list from the command line, where CDK knows text only: `a,b`."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _number(value: object) -> object:
    """Read the text that the command line gives for a number."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _settable(names: tuple[str, ...]) -> tuple[str, ...]:
    """Check the names of fields. AWS's path of a leaf is the name, so IAM denies what is written."""
    return check_names(names)


def _own_tag(tag: str) -> str:
    if tag.lower().startswith("aws:"):
        raise ValueError("AWS keeps tags that start with aws: to itself")
    return tag


Names = Annotated[tuple[str, ...], BeforeValidator(_separate)]
StackName = Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9-]{0,62}$")]
Tag = Annotated[str, Field(pattern=r"^[^=,\s][^=,]{0,127}=[^,]{0,256}$"), AfterValidator(_own_tag)]
Email = Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+$")]


def _kebab(name: str) -> str:
    return name.replace("_", "-")


class Configuration(BaseModel):
    """The deployer's choices, checked; the defaults are what most accounts should run."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=_kebab, populate_by_name=True)

    stack_name: StackName = Field("hubtriage", description="name of the stack, and of its memory on findings")
    account: Annotated[str, Field(pattern=r"^\d{12}$")] | None = Field(
        None, description="refuse to deploy to any other account"
    )
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] | None = Field(
        None, description="refuse to deploy to any other Region"
    )
    rules: Path = Field(Path("rules"), description="folder of the rules to deploy")
    allow_empty: bool = Field(False, description="deploy without a rule in force: everything is taken back")
    udf: Literal["replace", "merge"] = Field(
        "replace", description="what BatchUpdateFindings does with user-defined fields that a call leaves out"
    )
    known_stacks: Annotated[tuple[StackName, ...], BeforeValidator(_separate)] = Field(
        (), description="other hubtriage stacks on this hub, whose findings this one leaves alone"
    )
    never: Annotated[tuple[str, ...], BeforeValidator(_separate), AfterValidator(_settable)] = Field(
        (), description="fields that are never set: rules that do are refused, and IAM denies them"
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
        None, ge=1, description="concurrency taken out of the account's pool for the function"
    )
    calls_per_second: float = Field(
        8, gt=0, le=10, description="BatchUpdateFindings calls of all invocations together (AWS allows 10)"
    )
    reads_per_second: float = Field(
        1.5, gt=0, le=3, description="GetFindings calls of all invocations together (AWS allows 3)"
    )
    sweep_reads_per_second: float = Field(
        1.2, gt=0, le=3, description="GetFindings calls of the sweep; AWS allows 3 with those of the function"
    )
    sweep_time: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        "00:10", description="when the daily sweep starts"
    )
    time_zone: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]*$")] = Field(
        "UTC", description="time zone of the daily sweep, such as Europe/Berlin"
    )
    sweep_hide_limit: int = Field(
        2000,
        ge=0,
        le=1_000_000,
        description="findings that a sweep without a budget may hide; what it takes back has no limit",
    )
    sweep_queue_limit: int = Field(
        1000, ge=1, le=100_000, description="messages in the queue at which the sweep waits"
    )
    sweep_wait_seconds: int = Field(
        30, ge=1, le=300, description="how long the sweep waits then, before it looks again"
    )
    refresh_age_seconds: int = Field(
        30, ge=0, le=3600, description="read a finding again before changing it when its event is older"
    )
    timeout_seconds: int | None = Field(
        None, ge=1, le=LAMBDA_MAX_TIMEOUT_SECONDS, description="of the function; computed when left out"
    )
    maximum_receives: int = Field(
        10, ge=5, le=1000, description="deliveries of one event before it goes to the dead-letter queue"
    )
    breaker_limit: int = Field(
        2000,
        ge=1,
        le=1_000_000,
        description="findings hidden or taken back in 5 minutes above which triage turns to observe",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="least level of log lines; DEBUG adds a line for every unchanged finding"
    )
    log_retention_days: Annotated[LogRetentionDays, BeforeValidator(_number)] = Field(
        365, description="how long the log of decisions is kept, days"
    )
    alarm_emails: Annotated[tuple[Email, ...], BeforeValidator(_separate)] = Field(
        (), description="who gets the alarms by e-mail; each address has to confirm once"
    )

    permission_boundary: Annotated[str, Field(pattern=r"^arn:[a-z-]+:iam::\d{12}:policy/\S+$")] | None = (
        Field(None, description="ARN of the managed policy that bounds every role of the stack")
    )
    tags: Annotated[tuple[Tag, ...], BeforeValidator(_separate)] = Field(
        (), description="tags of everything in the stack, such as team=security"
    )

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.reserved_concurrency is not None and self.reserved_concurrency < self.maximum_concurrency:
            raise ValueError(
                f"reserved-concurrency {self.reserved_concurrency} is below maximum-concurrency "
                f"{self.maximum_concurrency}: messages would be throttled into the dead-letter queue"
            )
        if self.reads_per_second + self.sweep_reads_per_second > MOST_READS_PER_SECOND:
            raise ValueError(
                f"reads-per-second {self.reads_per_second:g} and sweep-reads-per-second "
                f"{self.sweep_reads_per_second:g} are more than the {MOST_READS_PER_SECOND} that AWS allows"
            )
        if self.stack_name in self.known_stacks:
            raise ValueError(f"known-stacks names this stack itself ({self.stack_name!r}): leave it out")
        _ = self.sizes  # raises when they cannot fit
        return self

    @property
    def sizes(self) -> Sizes:
        """Timeouts and rates that fit these choices."""
        return fitting_sizes(
            batch_size=self.batch_size,
            window=self.batch_window_seconds,
            containers=self.maximum_concurrency,
            calls_per_second=self.calls_per_second,
            reads_per_second=self.reads_per_second,
            timeout=self.timeout_seconds,
        )

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read all `hubtriage:` values of a CDK context; anything else in it is not ours.

        Raises ConfigurationError with every problem at once.
        """
        ours = {key.removeprefix(PREFIX): value for key, value in context.items() if key.startswith(PREFIX)}
        try:
            return cls.model_validate(ours, by_alias=True, by_name=False)
        except ValidationError as error:
            raise ConfigurationError(tuple(map(_problem, error.errors()))) from None


def setting_names() -> tuple[str, ...]:
    """Names of all settings, as they are written in the context, without the prefix."""
    return tuple(map(_kebab, Configuration.model_fields))


def _problem(error: Mapping[str, Any]) -> str:
    if not error["loc"]:
        return f"context: {error['ctx']['error']}"
    name, value = str(error["loc"][0]), error["input"]
    if error["type"] == "extra_forbidden":
        close = difflib.get_close_matches(name, setting_names(), n=1)
        hint = f"did you mean {PREFIX}{close[0]}?" if close else f"known are: {', '.join(setting_names())}"
        return f"context {PREFIX}{name}: there is no such setting\n  hint: {hint}"
    meaning = Configuration.model_fields[name.replace("-", "_")].description
    return f"context {PREFIX}{name}: {error['msg']}, not {value!r}\n  hint: {meaning}"
