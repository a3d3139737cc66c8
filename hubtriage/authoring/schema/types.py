"""Building blocks of the models of rule files: base class, refusals, enumerations, checked texts."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from hubtriage.authoring.schema import limits

SeverityLabel = Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
WorkflowStatus = Literal["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]
Verification = Literal["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"]

# Tags of the forms that Types and an expectation can have; pydantic puts them into an error's location.
FORMS = WORD, LIST, MAPPING = "<word>", "<list>", "<mapping>"


def refused(code: str, message: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """Return the error for a validator to raise, with the code and the hint of the problem it becomes.

    `at` names the wrong member if the validator looks at a whole mapping.
    """
    return PydanticCustomError("refused", "{text}", {"text": message, "code": code, "hint": hint, "at": at})


class StrictModel(BaseModel):
    """A mapping with these keys and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _has_value(cls, value: Any) -> Any:
        """Refuse a key without a value: it is a slip, since a key that is not wanted is left out."""
        if value is None:
            raise refused("E103", "there is no value here", "write one, or delete the key")
        return value


def _visible(text: str) -> str:
    if not limits.has_visible_character(text):
        raise refused("E105", "the text is blank", "AWS takes only text with at least one visible character")
    return text


def distinct(items: list[Any]) -> list[Any]:
    """Refuse a list in which an item appears twice."""
    seen: list[Any] = []
    for item in items:
        if item in seen:
            raise refused("E107", f"{item!r} appears twice", "delete one of them")
        seen.append(item)
    return items


VisibleText = Annotated[str, AfterValidator(_visible)]
Score = Annotated[int, Field(ge=0, le=100)]
