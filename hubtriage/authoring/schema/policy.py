"""The shape of `policy.yaml`: statements about rules, and about what they do to findings."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from hubtriage.authoring.schema.rule import Reason, RuleId
from hubtriage.authoring.schema.types import (
    LIST,
    MAPPING,
    WORD,
    SeverityLabel,
    StrictModel,
    VisibleText,
    refused,
)
from hubtriage.engine.fields import CONFIDENCE, CRITICALITY, FIELDS, USER_PREFIX
from hubtriage.engine.text.suggestions import did_you_mean
from hubtriage.engine.text.wildcard import WildcardError, compile_glob


def _glob(text: str) -> str:
    try:
        compile_glob(text)
    except WildcardError as error:
        raise refused("E106", f"{text!r} has {error}", "* is any run of characters, ? any one") from None
    return text


Glob = Annotated[str, AfterValidator(_glob)]
Globs = Annotated[list[Glob], Field(min_length=1)]


def _yes(value: bool) -> bool:
    if not value:
        raise refused("E104", "false asks for nothing", "write true, or leave it out")
    return value


Yes = Annotated[bool, AfterValidator(_yes)]


def _form(value: object) -> str:
    return MAPPING if isinstance(value, dict) else LIST if isinstance(value, list) else WORD


class FindingConditions(StrictModel):
    """Which findings a statement speaks of; both conditions hold if both are there."""

    match: dict[str, Any] | None = None
    when: Any = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise refused("E102", "there is no condition", "write match:, when:, or both")
        return self


class Selection(StrictModel):
    """Which rules a statement speaks of: those that all of its members hold for.

    `files` are globs of paths relative to the folder of the rules, `owners` and `ids` of what rules say.
    """

    owners: Globs | None = None
    files: Globs | None = None
    ids: Globs | None = None
    hiding: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise refused("E102", "no rule is named", "write owners:, files:, ids: or hiding:")
        return self


Names = Annotated[Annotated[Yes, Tag(WORD)] | Annotated[Globs, Tag(LIST)], Discriminator(_form)]
Reasons = Annotated[
    Annotated[Yes, Tag(WORD)] | Annotated[Annotated[list[Reason], Field(min_length=1)], Tag(LIST)],
    Discriminator(_form),
]


class Requirement(StrictModel):
    """What a rule has to say of itself.

    `expires` is the most days from its start, or from now, to its end.
    """

    description: Yes | None = None
    owner: Names | None = None
    ticket: Glob | None = None
    reason: Reasons | None = None
    expires: Annotated[int, Field(ge=1, le=36_500)] | None = None
    ceiling: SeverityLabel | None = None
    note: Glob | None = None
    notify: Names | None = None
    tests: Yes | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            known = ", ".join(type(self).model_fields)
            raise refused("E102", "nothing is required", f"write one or more of {known}")
        return self


def _field(name: str) -> str:
    if name not in FIELDS and not (name.startswith(USER_PREFIX) and name != USER_PREFIX):
        hint = did_you_mean(name, FIELDS) or f"one of {', '.join(FIELDS)}, or {USER_PREFIX}KEY"
        raise refused("E104", f"{name!r} is no field that rules set", hint)
    return name


def _values(values: dict[str, Any]) -> dict[str, Any]:
    """Refuse values that no rule can set: a statement about them would protect nothing."""
    for name, listed in values.items():
        words = FIELDS[name].words if name in FIELDS else ()
        for value in listed if isinstance(listed, list) else ():
            if words and value not in words:
                hint = did_you_mean(str(value), words) or f"one of {', '.join(words)}"
                raise refused("E104", f"no rule can set {name} to {value!r}", hint)
            if isinstance(value, str) is (name in _NUMBERS):
                hint = "write a number without quotes" if name in _NUMBERS else "put it in quotes"
                raise refused("E104", f"no rule can set {name} to {value!r}", hint)
    return values


_NUMBERS = (CONFIDENCE, CRITICALITY)

Values = Annotated[
    Annotated[Literal["any"], Tag(WORD)]
    | Annotated[Annotated[list[str | int], Field(min_length=1)], Tag(LIST)],
    Discriminator(_form),
]
Forbidden = Annotated[
    Annotated[Literal["hide"], Tag(WORD)]
    | Annotated[
        Annotated[
            dict[Annotated[str, AfterValidator(_field)], Values],
            Field(min_length=1),
            AfterValidator(_values),
        ],
        Tag(MAPPING),
    ],
    Discriminator(_form),
]


class Statement(StrictModel):
    """One statement of the policy: exactly one of `require`, `never` and `only`.

    `never` is "hide", or values by field that no rule may set on these `findings`. `only`: the rules of
    `rules` act on no other findings. A rule with the tag `unless` is left out.
    """

    id: RuleId
    description: VisibleText
    rules: Selection | None = None
    unless: VisibleText | None = None
    require: Requirement | None = None
    never: Forbidden | None = None
    findings: FindingConditions | None = None
    only: FindingConditions | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        said = [name for name in ("require", "never", "only") if name in self.model_fields_set]
        if len(said) != 1:
            hint = "write one of require:, never: and only:; several become statements of their own"
            raise refused("E107" if said else "E102", "a statement says exactly one thing", hint)
        if self.never is not None and self.findings is None:
            hint = "write findings: with match: or when:; findings: {when: true} means every finding"
            raise refused("E102", "never: needs the findings that it protects", hint)
        if self.findings is not None and self.never is None:
            raise refused("E107", "findings: goes with never:", "", at="findings")
        if self.only is not None and self.rules is None:
            hint = "write rules: with owners:, files: or ids:"
            raise refused("E102", "only: needs the rules that it limits", hint)
        return self


class PolicyFile(StrictModel):
    """The house policy."""

    policy: list[Any] = Field(default_factory=list)
