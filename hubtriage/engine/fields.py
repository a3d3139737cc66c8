"""The fields that triage may set: how each is read, compared and written.

A field is named by its path in the finding: `Workflow.Status`, `Severity.Label`, `Types`,
`Note.Text`, `UserDefinedFields.<key>`. Its value here is plain and hashable: a string, an
integer, a tuple (Types, RelatedFindings), or None where the finding has none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.engine.excerpt import NO_REST, Excerpt, Rest

Finding = Mapping[str, Any]
Value = Any

SEVERITIES = ("INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")
SEVERITY_RANK = {label: rank for rank, label in enumerate(SEVERITIES)}
UNRANKED = "UNRANKED"
"""The label of a finding of Security Hub V2 whose severity is Unknown or Other: it is above every ceiling.

No rule sets it, so every label that a rule sets in its place lowers the severity.
"""
LABEL_RANK = SEVERITY_RANK | {UNRANKED: len(SEVERITIES)}
"""The ranks of all labels that a finding may have."""
# AWS: a Label given without Normalized sets Normalized to this.
NORMALIZED = dict(zip((*SEVERITIES, UNRANKED), (0, 1, 40, 70, 90, 100), strict=True))
HIDING_STATUSES = ("SUPPRESSED", "RESOLVED")

OUR_AUTHOR = "hubtriage"
OCSF = "Ocsf"
"""The member of a finding that is a view of one of Security Hub V2 (`hubtriage.engine.ocsf`)."""

WORKFLOW = "Workflow.Status"
SEVERITY = "Severity.Label"
VERIFICATION = "VerificationState"
CONFIDENCE = "Confidence"
CRITICALITY = "Criticality"
TYPES = "Types"
RELATED = "RelatedFindings"
NOTE = "Note.Text"
USER_PREFIX = "UserDefinedFields."

_BANDS = ((90, "CRITICAL"), (70, "HIGH"), (40, "MEDIUM"), (1, "LOW"), (0, "INFORMATIONAL"))


def member(holder: object, name: str) -> Any:
    """Return a member, or None where there is no object: findings are not always shaped as documented."""
    return (
        holder.get(name) if isinstance(holder, dict) else None
    )  # JSON has no other; isinstance of Mapping takes five times as long


def label_of(normalized: object) -> str | None:
    """Return the label of a normalized severity (AWS: 0, 1-39, 40-69, 70-89, 90-100), or None."""
    if isinstance(normalized, bool) or not isinstance(normalized, int | float):
        return None
    return next((label for least, label in _BANDS if normalized >= least), None)


def severity_label(severity: object) -> str | None:
    """Return the label of a Severity object: its Label, else the one of its Normalized, else None."""
    label = member(severity, "Label")
    if isinstance(label, str) and label in LABEL_RANK:
        return label
    return label_of(member(severity, "Normalized"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _score(value: object) -> int | None:
    """AWS: a whole number from 0 to 100."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        return None
    return int(value) if value == value // 1 else None


def type_list(value: object) -> tuple[str, ...] | None:
    """Return Types as a tuple. A bare string counts as a list of one; an empty list or blank as absent."""
    listed = (value,) if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        return None
    return tuple(item for item in listed if isinstance(item, str) and item.strip()) or None


def related_list(value: object) -> tuple[tuple[str, str], ...] | None:
    """Return RelatedFindings as (ProductArn, Id) pairs; an empty list counts as absent."""
    if not isinstance(value, list | tuple):
        return None
    pairs = ((member(item, "ProductArn"), member(item, "Id")) for item in value)
    return tuple((arn, key) for arn, key in pairs if isinstance(arn, str) and isinstance(key, str)) or None


def user_fields(finding: Finding) -> Mapping[str, Any]:
    """Return the UserDefinedFields map, empty where there is none."""
    fields = finding.get("UserDefinedFields")
    return fields if isinstance(fields, dict) else {}


@dataclass(frozen=True, slots=True)
class Field:
    """One updatable field, and how its value is handled.

    `read` takes the raw member; `write` makes the member from a value; `words` are the values of an
    enumeration. `default` means "never set". A `provided` field has its provider's value in
    FindingProviderFields. If it `counts_as_provided`, the top-level value replaces a missing one there.
    """

    name: str
    read: Callable[[object], Value]
    write: Callable[[Value], Any]
    words: tuple[str, ...] = ()
    default: Value = None
    provided: bool = False
    counts_as_provided: bool = False

    @property
    def member(self) -> str:
        """The finding's member that holds the field."""
        return self.name.partition(".")[0]


def _same(value: Value) -> Any:
    return value


def _write_related(value: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"ProductArn": arn, "Id": key} for arn, key in value]


_STATUSES = ("NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED")
_VERDICTS = ("UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE")

FIELDS: dict[str, Field] = {
    each.name: each
    for each in (
        Field(
            WORKFLOW,
            lambda raw: _text(member(raw, "Status")) or "NEW",
            lambda value: {"Status": value},
            words=_STATUSES,
            default="NEW",
        ),
        Field(
            SEVERITY,
            severity_label,
            lambda value: {"Label": value},
            words=SEVERITIES,
            provided=True,
            counts_as_provided=True,
        ),
        Field(VERIFICATION, lambda raw: _text(raw) or "UNKNOWN", _same, words=_VERDICTS, default="UNKNOWN"),
        Field(CONFIDENCE, _score, _same, provided=True),
        Field(CRITICALITY, _score, _same, provided=True),
        Field(TYPES, type_list, list, provided=True, counts_as_provided=True),
        Field(RELATED, related_list, _write_related, provided=True),
        Field(NOTE, lambda raw: _text(member(raw, "Text")), lambda value: {"Text": value}),
    )
}
_POSITION = {name: position for position, name in enumerate(FIELDS)}


def user_field(key: str) -> str:
    """Return the name of a user-defined field."""
    return USER_PREFIX + key


def position(name: str) -> tuple[int, str]:
    """Return a sort key: the eight fixed fields in the order above, then user keys."""
    return (_POSITION.get(name, len(_POSITION)), name)


def read(finding: Finding, name: str) -> Value:
    """Return the value at the finding's top level; an absent status counts as its default.

    AWS: a provider's value is copied there unless a customer took the field over. So a value that only
    FindingProviderFields has holds at the top level too.
    """
    field = FIELDS.get(name)
    if field is None:
        return _text(user_fields(finding).get(name.removeprefix(USER_PREFIX)))
    value = field.read(finding.get(field.member))
    if value is None and field.provided:
        return field.read(member(finding.get("FindingProviderFields"), field.member))
    return value


def provider_value(finding: Finding, name: str) -> tuple[bool, Value]:
    """Return (known, value) in FindingProviderFields: what the provider says now.

    AWS: it fills FindingProviderFields for every finding; events that lack it are not the norm.
    """
    raw = member(finding.get("FindingProviderFields"), FIELDS[name].member)
    value = None if raw is None else FIELDS[name].read(raw)
    return (raw is not None and (value is not None or name != SEVERITY), value)


@dataclass(slots=True, eq=False)
class ParsedFinding:
    """A finding whose settable fields are parsed once, each when a step of planning first needs it.

    Most findings need one or two of the fields, so parsing all of them at the start would cost more. `rest`
    is what `raw` lacks of the finding. `is_v2`: the finding is a view of one of Security Hub V2.
    """

    raw: Finding
    rest: Rest = NO_REST
    is_v2: bool = False
    _values: dict[str, Value] = field(default_factory=dict, repr=False)
    _provided: dict[str, tuple[bool, Value]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, finding: Finding) -> "ParsedFinding":
        """Take a finding or an excerpt of one apart. Rules do not see what only V2's findings have."""
        rest = finding.rest if isinstance(finding, Excerpt) else NO_REST
        if OCSF in finding:
            return cls({name: value for name, value in finding.items() if name != OCSF}, rest, is_v2=True)
        return cls(dict(finding), rest) if isinstance(finding, Excerpt) else cls(finding)

    def value(self, name: str) -> Value:
        """Return what `read` does."""
        if name not in self._values:
            self._values[name] = read(self.raw, name)
        return self._values[name]

    def provider_value(self, name: str) -> tuple[bool, Value]:
        """Return what the function `provider_value` does."""
        if name not in self._provided:
            self._provided[name] = provider_value(self.raw, name)
        return self._provided[name]

    def user_fields(self) -> Mapping[str, Any]:
        """Return the UserDefinedFields map, empty where there is none."""
        return user_fields(self.raw)


def same(name: str, one: Value, other: Value) -> bool:
    """Say whether two values of a field are equal; lists are compared as sets."""
    if name in (TYPES, RELATED):
        return set(one or ()) == set(other or ())
    return bool(one == other)


def has_passed(finding: Finding) -> bool:
    """Say whether the finding's control passed. AWS: the service sets RESOLVED then, unless SUPPRESSED."""
    return bool(member(finding.get("Compliance"), "Status") == "PASSED")


def untouched(finding: ParsedFinding, name: str) -> tuple[bool, Value]:
    """Return (known, value) that a field would have if no one had set it: the provider's, or the service's.

    It is not known where FindingProviderFields does not say it.
    """
    if name == WORKFLOW:
        return True, "RESOLVED" if has_passed(finding.raw) else "NEW"
    if name in FIELDS and FIELDS[name].provided:
        return finding.provider_value(name)
    return True, FIELDS[name].default if name in FIELDS else None


def is_nobodys(finding: ParsedFinding, name: str, value: Value) -> bool:
    """Say whether an unclaimed field holds only what the provider or the service put there."""
    known, theirs = untouched(finding, name)
    if known:
        return same(name, value, theirs) or (name == WORKFLOW and value == FIELDS[name].default)
    if FIELDS[name].counts_as_provided or not isinstance(finding.raw.get("FindingProviderFields"), Mapping):
        return True
    return value is None
