"""The shape of rule files: every key, its type and its limits.

The models check one value at a time. The loader checks what needs two places of a file: a template and the
rule's ticket, a list and its use, two rules with one id. The models are strict: they convert no value to
another type, so they never read a number as text.

The models do not look into `match`, `when` and the findings of tests: other modules check those.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from hubtriage.asff.samples import SAMPLES
from hubtriage.authoring.problems import CODES
from hubtriage.authoring.schema import limits
from hubtriage.authoring.schema.dates import Date
from hubtriage.authoring.schema.delivery import (
    DeliveryName,
    Notify,
    OpenTicket,
    TicketWish,
    notified,
    ticket_wish,
)
from hubtriage.authoring.schema.during import During, Windows, engine_windows
from hubtriage.authoring.schema.types import (
    MAPPING,
    WORD,
    Score,
    SeverityLabel,
    StrictModel,
    Verification,
    VisibleText,
    distinct,
    refused,
)
from hubtriage.authoring.schema.update import Update, WorkflowUpdate
from hubtriage.engine.fields import HIDING_STATUSES
from hubtriage.engine.ruleset.ruleset import DEFAULT_CEILING
from hubtriage.engine.text.suggestions import did_you_mean

Mode = Literal["enforce", "observe", "hold", "off"]
Reason = Literal[
    "false-positive", "risk-accepted", "compensating-control", "not-applicable", "duplicate", "other"
]


class ExpectedSeverity(StrictModel):
    """The severity that a test expects."""

    Label: SeverityLabel | None = None
    Normalized: Score | None = None


class ExpectedNote(StrictModel):
    """The note that a test expects; placeholders are filled in by then."""

    Text: VisibleText | None = None
    UpdatedBy: VisibleText | None = None


class Expectation(StrictModel):
    """What a test expects in the update; null stands for a field that must not be in it."""

    Workflow: WorkflowUpdate | None = None
    Severity: ExpectedSeverity | None = None
    VerificationState: Verification | None = None
    Confidence: Score | None = None
    Criticality: Score | None = None
    Types: list[VisibleText] | None = None
    UserDefinedFields: dict[str, VisibleText] | None = None
    RelatedFindings: list[dict[str, VisibleText]] | None = None
    Note: ExpectedNote | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _has_value(cls, value: Any) -> Any:
        return value


NO_CHANGE: Literal["no change"] = "no change"


def _expectation(value: object) -> object:
    if value == NO_CHANGE or isinstance(value, dict | Expectation):
        return value
    raise refused("E103", f"{str(value)!r} is not an expectation", _EXPECT_HINT)


_EXPECT_HINT = "write no change, or fields of the update such as {Workflow: {Status: SUPPRESSED}}"


def _outcome_form(value: object) -> str:
    return WORD if isinstance(value, str) else MAPPING


ExpectedOutcome = Annotated[
    Annotated[Literal["no change"], Tag(WORD)] | Annotated[Expectation, Tag(MAPPING)],
    Discriminator(_outcome_form),
    BeforeValidator(_expectation),
]


def _rule_id(text: str) -> str:
    if not limits.RULE_ID.fullmatch(text):
        hint = "1 to 63 of a-z, 0-9 and '-', not starting with '-'"
        raise refused("E106", f"{text!r} is not a rule id", hint)
    return text


RuleId = Annotated[str, AfterValidator(_rule_id)]


def _tag(text: str) -> str:
    if not limits.TAG.fullmatch(text):
        raise refused("E106", f"{text!r} is not a tag", "1 to 63 of a-z, 0-9 and '-', not starting with '-'")
    return text


RuleTags = Annotated[
    list[Annotated[str, AfterValidator(_tag)]], Field(min_length=1), AfterValidator(distinct)
]
"""Groups that the rule belongs to. A deployment may take some groups alone; no decision knows them."""


def _sample_name(text: str) -> str:
    if text not in SAMPLES:
        raise refused("E104", f"{text!r} is not one of {', '.join(SAMPLES)}", did_you_mean(text, SAMPLES))
    return text


SampleName = Annotated[str, AfterValidator(_sample_name)]


class Before(StrictModel):
    """What happened to a test's finding earlier.

    `applied`: the rule was applied to the finding. `finding`: members that were different at that time.
    `person`: what a person set afterwards, in the form of BatchUpdateFindings.
    """

    applied: bool = False
    finding: dict[str, Any] = Field(default_factory=dict)
    person: Expectation | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.applied and self.person is None:
            raise refused("E102", "nothing happened before", "write applied: true, or what a person: set")
        if self.finding and not self.applied:
            raise refused(
                "E107", "finding: is for a rule that was applied", "add applied: true", at="finding"
            )
        return self


class RuleTest(StrictModel):
    """A finding, given in part, and the update that the rule makes of it.

    `finding` is laid over the complete sample of a producer: the one that `sample` names, or that its
    ProductArn or ProductName belongs to. `now` is the time of the decision, `account` the attributes of the
    finding's account, `before` what triage and people did to it earlier. `delivers` are the names in the rule
    to which something is delivered.
    """

    name: VisibleText
    finding: dict[str, Any] = Field(default_factory=dict)
    sample: SampleName | None = None
    account: dict[str, VisibleText] | None = None
    now: Date | None = None
    before: Before | None = None
    expect: ExpectedOutcome
    delivers: Annotated[list[DeliveryName], AfterValidator(distinct)] | None = None


def _warning_code(text: str) -> str:
    if text not in CODES or not text.startswith("W"):
        known = [code for code in CODES if code.startswith("W")]
        hint = did_you_mean(text, known) or "only warnings can be ignored, by their code: such as W307"
        raise refused("E104", f"{text!r} is not the code of a warning", hint)
    return text


WarningCode = Annotated[str, AfterValidator(_warning_code)]


class Lint(StrictModel):
    """Warnings of `hubtriage lint` that the rule ignores, each with the reason."""

    ignore: Annotated[dict[WarningCode, VisibleText], Field(min_length=1)]


class AccountOwner(StrictModel):
    """The attribute of the account directory that names the owner of each account's findings."""

    account: VisibleText


def _owner_form(value: object) -> str:
    return MAPPING if isinstance(value, dict | AccountOwner) else WORD


Owner = Annotated[
    Annotated[VisibleText, Tag(WORD)] | Annotated[AccountOwner, Tag(MAPPING)], Discriminator(_owner_form)
]


class RuleModel(StrictModel):
    """One rule of a rule file."""

    model_config = ConfigDict(populate_by_name=False)

    id: RuleId
    description: VisibleText | None = None
    owner: Owner | None = None
    ticket: VisibleText | None = None
    reason: Reason | None = None
    tags: RuleTags = Field(default_factory=list)
    mode: Mode = "enforce"
    order: Annotated[int, Field(ge=1, le=1000)] = 500
    terminal: bool = False
    starts: Date | None = None
    expires: Date | None = None
    during: Windows | None = None
    override: bool = False
    ceiling: SeverityLabel = DEFAULT_CEILING
    match: dict[str, Any] | None = None
    when: Any = None
    update: Update = Field(default_factory=Update)
    notify: Notify | None = None
    open_ticket: TicketWish | None = Field(default=None, alias="open-ticket")
    tests: list[RuleTest] = Field(default_factory=list)
    lint: Lint | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.starts and self.expires and self.starts.seconds >= self.expires.end:
            message = f"expires {self.expires.text} is before starts {self.starts.text}"
            raise refused("E107", message, "the rule would never be in force", at="expires")
        if (
            self.during
            and self.starts
            and self.expires
            and not self._has_an_open_window(self.starts.seconds, self.expires.end)
        ):
            message = f"no window is open between {self.starts.text} and {self.expires.text}"
            raise refused("E107", message, "the rule would never be in force", at="during")
        self._does_something()
        status = self.update.Workflow.Status if self.update.Workflow else None
        if self.opened is not None and status in HIDING_STATUSES:
            message = f"the rule sets {status}, and no ticket is open for a finding that is hidden"
            hint = "delete it, write open-ticket: none, or ask for the ticket in another rule"
            raise refused("E107", message, hint, at="open-ticket")
        return self

    def _does_something(self) -> None:
        """Refuse a rule that does nothing. A message alone is nothing: it is about what the rule does."""
        if self.update.model_fields_set or self.terminal or self.opened is not None:
            return
        hint = "write update: or open-ticket:, or terminal: true for a rule that only keeps later rules away"
        if self.notified:
            raise refused("E102", "the rule does nothing that it could notify of", hint)
        raise refused("E102", "the rule does nothing", hint)

    @property
    def notified(self) -> tuple[str, ...]:
        """The channels, or routes to some, that get messages about what the rule does."""
        return notified(self.notify)

    @property
    def opened(self) -> OpenTicket | None:
        """The ticket that the rule asks for; None if it asks for none."""
        return ticket_wish(self.open_ticket)

    @property
    def owner_attribute(self) -> str | None:
        """The attribute of accounts that names the owner; None if one owner, or none, answers for all."""
        return self.owner.account if isinstance(self.owner, AccountOwner) else None

    @property
    def windows(self) -> Sequence[During]:
        """The rule's recurring windows; none if it is always in force between its start and its end."""
        if self.during is None:
            return ()
        return self.during if isinstance(self.during, list) else (self.during,)

    def _has_an_open_window(self, starts: float, ends: float) -> bool:
        """Say whether a window is open at some time from one epoch second until another."""
        windows = engine_windows(self.windows)
        ends = min(ends, starts + _TWO_WEEKS)
        moments = [starts, *(at for window in windows for at in window.candidates(starts, ends))]
        return any(window.is_open(at) for window in windows for at in moments if at < ends)


_TWO_WEEKS = 14 * 86_400.0  # a window that a skipped hour swallows opens a week later


class Defaults(StrictModel):
    """What holds for every rule of a file that does not say otherwise."""

    model_config = ConfigDict(populate_by_name=False)

    owner: Owner | None = None
    ticket: VisibleText | None = None
    reason: Reason | None = None
    tags: RuleTags | None = None
    mode: Mode | None = None
    order: Annotated[int, Field(ge=1, le=1000)] | None = None
    starts: Date | None = None
    expires: Date | None = None
    during: Windows | None = None
    notify: Notify | None = None
    open_ticket: TicketWish | None = Field(default=None, alias="open-ticket")


class RuleFile(StrictModel):
    """A file of rules and lists."""

    defaults: Defaults | None = None
    lists: dict[str, Any] = Field(default_factory=dict)
    rules: list[Any] = Field(default_factory=list)


class AccountFile(StrictModel):
    """The account directory: attributes by account id."""

    accounts: dict[str, Any]


def keys_of(model: type[StrictModel]) -> tuple[str, ...]:
    """Return the keys of a model as they are written in files."""
    return tuple(field.alias or name for name, field in model.model_fields.items())
