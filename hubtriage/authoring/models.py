"""The shape of rule files: every key, its type and its limits.

The models check one value at a time; what needs two places of a file (a template and the rule's
ticket, a list and its use, two rules with one id) is checked by the loader. They are strict: no
value is converted from one type to another, so a number is never read as text.

`match`, `when` and a test's finding are taken as they are: their languages have their own compilers.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from hubtriage.authoring import limits
from hubtriage.authoring.problems import did_you_mean
from hubtriage.authoring.samples import SAMPLES
from hubtriage.authoring.scalars import Trap
from hubtriage.engine.fields import SEVERITY_RANK, label_of
from hubtriage.engine.timestamps import parse_timestamp

SeverityLabel = Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
WorkflowStatus = Literal["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]
Verdict = Literal["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"]
Mode = Literal["enforce", "observe", "hold", "off"]
Score = Annotated[int, Field(ge=0, le=100)]


def refused(code: str, message: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """An error of a validator, with the code and the hint of the problem it becomes.

    `at` is the member that it is about, where the validator looks at a whole mapping.
    """
    return PydanticCustomError("refused", "{text}", {"text": message, "code": code, "hint": hint, "at": at})


def _visible(text: str) -> str:
    if not limits.has_visible_character(text):
        raise refused("E105", "the text is blank", "AWS takes only text with at least one visible character")
    return text


def _rule_id(text: str) -> str:
    if not limits.RULE_ID.fullmatch(text):
        hint = "1 to 63 of a-z, 0-9 and '-', not starting with '-'"
        raise refused("E106", f"{text!r} is not a rule id", hint)
    return text


def _finding_type(text: str) -> str:
    parts = text.split("/")
    if parts[0] not in limits.NAMESPACES:
        hint = did_you_mean(parts[0], limits.NAMESPACES)
        raise refused("E106", f"{parts[0]!r} is not a namespace of finding types", hint)
    if not all(part.strip() for part in parts):
        raise refused("E106", f"{text!r} has an empty part", "the form is namespace[/category[/classifier]]")
    return text


def _distinct(items: list[Any]) -> list[Any]:
    seen: list[Any] = []
    for item in items:
        if item in seen:
            raise refused("E107", f"{item!r} appears twice", "delete one of them")
        seen.append(item)
    return items


VisibleText = Annotated[str, AfterValidator(_visible)]
RuleId = Annotated[str, AfterValidator(_rule_id)]
FindingType = Annotated[VisibleText, AfterValidator(_finding_type)]
TypeList = Annotated[
    list[FindingType], Field(min_length=1, max_length=limits.MAX_TYPES), AfterValidator(_distinct)
]


class Model(BaseModel):
    """A mapping with these keys and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _has_value(cls, value: Any) -> Any:
        """A key without a value is a slip: what is not wanted is left out."""
        if value is None:
            raise refused("E103", "there is no value here", "write one, or delete the key")
        return value


# -- moments -----------------------------------------------------------------------------------


class Moment(Model):
    """A day or an instant as it was written; `seconds` since 1970 UTC at its start."""

    text: str
    seconds: float
    is_day: bool

    @property
    def end(self) -> float:
        """When it is over: the end of the day (UTC), or the instant itself."""
        if not self.is_day:
            return self.seconds
        return (datetime.fromtimestamp(self.seconds, UTC) + timedelta(days=1)).timestamp()


_MOMENT_HINT = "write a day such as 2027-03-31 (UTC), or an instant such as 2027-03-31T18:00:00Z"


def _moment(value: object) -> Moment:
    if not isinstance(value, str | Trap) or (isinstance(value, Trap) and value.reading != "a date"):
        raise refused("E103", "a date is wanted", _MOMENT_HINT)
    text = str(value)
    seconds = parse_timestamp(text)
    is_day = len(text) == len("2027-03-31")
    if seconds is None or not (is_day or _says_offset(text)):
        reason = "does not say its offset from UTC" if seconds is not None else "is not a date"
        raise refused("E106", f"{text!r} {reason}", _MOMENT_HINT)
    return Moment(text=text, seconds=seconds, is_day=is_day)


def _says_offset(text: str) -> bool:
    clock = text[len("2027-03-31") :]
    return clock.rstrip()[-1:] in ("Z", "z") or "+" in clock or "-" in clock


Date = Annotated[Moment, BeforeValidator(_moment)]


# -- the update --------------------------------------------------------------------------------


class WorkflowUpdate(Model):
    """`Workflow` of BatchUpdateFindings."""

    Status: WorkflowStatus


class SeverityUpdate(Model):
    """`Severity` of BatchUpdateFindings, or bounds relative to the provider's severity."""

    Label: SeverityLabel | None = None
    Normalized: Score | None = None
    Product: Annotated[float, Field(allow_inf_nan=False)] | int | None = None
    AtMost: SeverityLabel | None = None
    AtLeast: SeverityLabel | None = None

    @model_validator(mode="after")
    def _says_one_severity(self) -> Self:
        given = self.model_dump(exclude_none=True)
        fixed = [name for name in ("Label", "Normalized", "Product") if name in given]
        bounds = [name for name in ("AtMost", "AtLeast") if name in given]
        if not given:
            raise refused("E102", "no severity is given", "write Label, AtMost or AtLeast")
        if fixed and bounds:
            message = f"{fixed[0]} and {bounds[0]} exclude each other"
            raise refused("E107", message, "keep one of them", at=bounds[0])
        if fixed == ["Product"]:
            raise refused("E107", "Product alone sets no severity", "write Label", at="Product")
        self._check_consistency()
        return self

    def _check_consistency(self) -> None:
        if self.Label and self.Normalized is not None and label_of(self.Normalized) != self.Label:
            message = f"Normalized {self.Normalized} is {label_of(self.Normalized)}, not {self.Label}"
            raise refused("E107", message, "keep the Label alone", at="Normalized")
        if self.AtMost and self.AtLeast and SEVERITY_RANK[self.AtLeast] > SEVERITY_RANK[self.AtMost]:
            message = f"AtLeast {self.AtLeast} is above AtMost {self.AtMost}"
            raise refused("E107", message, "swap them", at="AtLeast")


class TypesEdit(Model):
    """Types to add to and to remove from what the provider says."""

    Add: TypeList | None = None
    Remove: Annotated[list[VisibleText], Field(min_length=1), AfterValidator(_distinct)] | None = None

    @model_validator(mode="after")
    def _edits(self) -> Self:
        if not self.Add and not self.Remove:
            raise refused("E102", "nothing to add or to remove", "write Add, Remove or both")
        both = sorted({*(self.Add or ())} & {*(self.Remove or ())})
        if both:
            raise refused("E107", f"{both[0]!r} is both added and removed", "delete one of them", at="Remove")
        return self


class RelatedFinding(Model):
    """A link to another finding."""

    ProductArn: VisibleText
    Id: Annotated[VisibleText, Field(max_length=512)]

    @model_validator(mode="after")
    def _is_product(self) -> Self:
        if not limits.SECURITY_HUB_PRODUCT_ARN.fullmatch(self.ProductArn):
            hint = "copy it from the finding: arn:aws:securityhub:eu-west-1::product/aws/guardduty"
            raise refused("E106", f"{self.ProductArn!r} is not a ProductArn", hint, at="ProductArn")
        return self


class NoteUpdate(Model):
    """The note; `UpdatedBy` defaults to `hubtriage/<rule id>`."""

    Text: VisibleText
    UpdatedBy: VisibleText | None = None


def _user_key(key: str) -> str:
    _visible(key)
    if key.startswith(limits.RESERVED_PREFIX):
        hint = f"triage keeps its memory under '{limits.RESERVED_PREFIX}': choose another name"
        raise refused("E301", f"the key {key!r} is reserved", hint)
    return key


UserKey = Annotated[str, Field(max_length=limits.MAX_USER_KEY), AfterValidator(_user_key)]

# Tell the forms of Types and of an expectation apart; pydantic names them in an error's place.
FORMS = WORD, LIST, MAPPING = "<word>", "<list>", "<mapping>"


def _form(value: object) -> str:
    return MAPPING if isinstance(value, dict | TypesEdit) else LIST


class Update(Model):
    """The fields of a BatchUpdateFindings request, less FindingIdentifiers."""

    Workflow: WorkflowUpdate | None = None
    Severity: SeverityUpdate | None = None
    VerificationState: Verdict | None = None
    Confidence: Score | None = None
    Criticality: Score | None = None
    Types: (
        Annotated[
            Annotated[TypeList, Tag(LIST)] | Annotated[TypesEdit, Tag(MAPPING)],
            Discriminator(_form),
        ]
        | None
    ) = None
    UserDefinedFields: (
        Annotated[dict[UserKey, VisibleText], Field(min_length=1, max_length=limits.MAX_USER_FIELDS)] | None
    ) = None
    RelatedFindings: (
        Annotated[
            list[RelatedFinding],
            Field(min_length=1, max_length=limits.MAX_RELATED_FINDINGS),
            AfterValidator(_distinct),
        ]
        | None
    ) = None
    Note: NoteUpdate | None = None


class ExpectedSeverity(Model):
    """The severity that a test expects."""

    Label: SeverityLabel | None = None
    Normalized: Score | None = None


class ExpectedNote(Model):
    """The note that a test expects; placeholders are filled in by then."""

    Text: VisibleText | None = None
    UpdatedBy: VisibleText | None = None


class Expectation(Model):
    """What a test expects in the update; null for a field that must not be in it."""

    Workflow: WorkflowUpdate | None = None
    Severity: ExpectedSeverity | None = None
    VerificationState: Verdict | None = None
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


Outcome = Annotated[
    Annotated[Literal["no change"], Tag(WORD)] | Annotated[Expectation, Tag(MAPPING)],
    Discriminator(_outcome_form),
    BeforeValidator(_expectation),
]


# -- rules and files ---------------------------------------------------------------------------


def _sample_name(text: str) -> str:
    if text not in SAMPLES:
        raise refused("E104", f"{text!r} is not one of {', '.join(SAMPLES)}", did_you_mean(text, SAMPLES))
    return text


SampleName = Annotated[str, AfterValidator(_sample_name)]


class RuleTest(Model):
    """A finding, given in part, and what the rule makes of it.

    `finding` is laid over the complete sample of a producer (`sample`, or the one its ProductArn or
    ProductName tells); `now` is the time of the decision, `account` the attributes of the finding's account.
    """

    name: VisibleText
    finding: dict[str, Any] = Field(default_factory=dict)
    sample: SampleName | None = None
    account: dict[str, VisibleText] | None = None
    now: Date | None = None
    expect: Outcome


class Rule(Model):
    """One rule as it is written."""

    id: RuleId
    description: VisibleText | None = None
    owner: VisibleText | None = None
    ticket: VisibleText | None = None
    mode: Mode = "enforce"
    order: Annotated[int, Field(ge=1, le=1000)] = 500
    terminal: bool = False
    starts: Date | None = None
    expires: Date | None = None
    override: bool = False
    ceiling: SeverityLabel = "HIGH"
    match: dict[str, Any] | None = None
    when: Any = None
    update: Update = Field(default_factory=Update)
    tests: list[RuleTest] = Field(default_factory=list)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.starts and self.expires and self.starts.seconds >= self.expires.end:
            message = f"expires {self.expires.text} is before starts {self.starts.text}"
            raise refused("E107", message, "the rule would never be in force", at="expires")
        if not self.update.model_fields_set and not self.terminal:
            hint = "write update:, or terminal: true for a rule that only keeps later rules away"
            raise refused("E102", "the rule does nothing", hint)
        return self


class RuleFile(Model):
    """A file of rules and lists."""

    lists: dict[str, Any] = Field(default_factory=dict)
    rules: list[Any] = Field(default_factory=list)


class AccountFile(Model):
    """The account directory: attributes by account id."""

    accounts: dict[str, Any]
