"""What the models of rule files are made of: base class, refusals, enumerations, checked texts."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from hubtriage.authoring.schema import limits

SeverityLabel = Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
WorkflowStatus = Literal["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]
Verification = Literal["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"]

# Tell the forms of Types and of an expectation apart; pydantic names them in an error's place.
FORMS = WORD, LIST, MAPPING = "<word>", "<list>", "<mapping>"


def refused(code: str, message: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """An error of a validator, with the code and the hint of the problem it becomes.

    `at` is the member that it is about, where the validator looks at a whole mapping.
    """
    return PydanticCustomError("refused", "{text}", {"text": message, "code": code, "hint": hint, "at": at})


class StrictModel(BaseModel):
    """A mapping with these keys and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _has_value(cls, value: Any) -> Any:
        """A key without a value is a slip: what is not wanted is left out."""
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
