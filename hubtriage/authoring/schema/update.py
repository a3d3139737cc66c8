"""The shape of a rule's `update`: a BatchUpdateFindings request, less FindingIdentifiers."""

from typing import Annotated, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from hubtriage.authoring.schema import limits
from hubtriage.authoring.schema.types import (
    LIST,
    MAPPING,
    Score,
    SeverityLabel,
    StrictModel,
    Verification,
    VisibleText,
    WorkflowStatus,
    distinct,
    refused,
)
from hubtriage.engine.fields import SEVERITY_RANK, label_of
from hubtriage.engine.text.suggestions import did_you_mean

_TYPE_FORM = "the form is namespace[/category[/classifier]]"


def _finding_type(text: str) -> str:
    parts = text.split("/")
    if parts[0] not in limits.NAMESPACES:
        hint = did_you_mean(parts[0], limits.NAMESPACES)
        raise refused("E106", f"{parts[0]!r} is not a namespace of finding types", hint)
    if not all(part.strip() for part in parts):
        raise refused("E106", f"{text!r} has an empty part", _TYPE_FORM)
    if not limits.FINDING_TYPE.fullmatch(text):
        raise refused("E106", f"{text!r} has {len(parts)} parts, and a type at most three", _TYPE_FORM)
    return text


FindingType = Annotated[VisibleText, AfterValidator(_finding_type)]
TypeList = Annotated[
    list[FindingType], Field(min_length=1, max_length=limits.MAX_TYPES), AfterValidator(distinct)
]


class WorkflowUpdate(StrictModel):
    """`Workflow` of BatchUpdateFindings."""

    Status: WorkflowStatus


class SeverityUpdate(StrictModel):
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


class TypesEdit(StrictModel):
    """Types to add to and to remove from what the provider says."""

    Add: TypeList | None = None
    Remove: Annotated[list[VisibleText], Field(min_length=1), AfterValidator(distinct)] | None = None

    @model_validator(mode="after")
    def _edits(self) -> Self:
        if not self.Add and not self.Remove:
            raise refused("E102", "nothing to add or to remove", "write Add, Remove or both")
        both = sorted({*(self.Add or ())} & {*(self.Remove or ())})
        if both:
            raise refused("E107", f"{both[0]!r} is both added and removed", "delete one of them", at="Remove")
        return self


class RelatedFinding(StrictModel):
    """A link to another finding."""

    ProductArn: VisibleText
    Id: Annotated[VisibleText, Field(max_length=512)]

    @model_validator(mode="after")
    def _is_product(self) -> Self:
        if not limits.SECURITY_HUB_PRODUCT_ARN.fullmatch(self.ProductArn):
            hint = "copy it from the finding: arn:aws:securityhub:eu-west-1::product/aws/guardduty"
            raise refused("E106", f"{self.ProductArn!r} is not a ProductArn", hint, at="ProductArn")
        return self


class NoteUpdate(StrictModel):
    """The note; `UpdatedBy` defaults to `hubtriage/<rule id>`."""

    Text: VisibleText
    UpdatedBy: VisibleText | None = None


UserKey = Annotated[VisibleText, Field(max_length=limits.MAX_USER_KEY)]


def _form(value: object) -> str:
    return MAPPING if isinstance(value, dict | TypesEdit) else LIST


class Update(StrictModel):
    """The fields of a BatchUpdateFindings request, without FindingIdentifiers."""

    Workflow: WorkflowUpdate | None = None
    Severity: SeverityUpdate | None = None
    VerificationState: Verification | None = None
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
            AfterValidator(distinct),
        ]
        | None
    ) = None
    Note: NoteUpdate | None = None
