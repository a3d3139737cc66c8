"""Recurring windows in rule files."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from hubtriage.authoring.schema.types import LIST, MAPPING, StrictModel, distinct, refused
from hubtriage.authoring.zones import zone_names, zone_table
from hubtriage.engine.ruleset.windows import Window, compile_windows
from hubtriage.engine.text.suggestions import did_you_mean

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TIME_OF_DAY = re.compile(r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
MOST_WINDOWS = 20


def _time(text: str) -> str:
    if not TIME_OF_DAY.fullmatch(text):
        raise refused("E106", f"{text!r} is not a time of day", 'write hours and minutes, such as "06:00"')
    return text


def _zone(text: str) -> str:
    if text not in zone_names():
        hint = did_you_mean(text, zone_names()) or "write a name such as Europe/Berlin, or UTC"
        raise refused("E104", f"{text!r} is not a time zone", hint)
    return text


Time = Annotated[str, AfterValidator(_time)]
ZoneName = Annotated[str, AfterValidator(_zone)]


class During(StrictModel):
    """A recurring window: on these days, from one time of day to another, by the wall clock of a zone."""

    model_config = ConfigDict(populate_by_name=False)

    days: Annotated[list[Day], Field(min_length=1), AfterValidator(distinct)] | None = None
    from_: Time | None = Field(default=None, alias="from")
    to: Time | None = None
    zone: ZoneName = "UTC"

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.from_ is None) != (self.to is None):
            missing = "from" if self.from_ is None else "to"
            raise refused("E102", f"the key {missing!r} is missing", "write both, or neither for whole days")
        if self.days is None and self.from_ is None:
            raise refused("E102", "the window is always open", "write days:, or from: and to:")
        if self.from_ is not None and self.from_ == self.to:
            raise refused("E107", f"the window has no end: it begins and ends at {self.to}", _WHOLE_DAYS)
        if self.from_ == "24:00":
            raise refused("E107", "no day has anything after 24:00", 'write "00:00"', at="from")
        return self

    def compiled(self) -> dict[str, Any]:
        """Return the window as `ruleset.json` has it."""
        return {**self.model_dump(by_alias=True, exclude_none=True), "zone": self.zone}


_WHOLE_DAYS = "for whole days leave out from: and to:"


def _form(value: object) -> str:
    return LIST if isinstance(value, list) else MAPPING


def _is_window(value: object) -> object:
    if isinstance(value, dict | list | During):
        return value
    raise refused("E103", "a window is wanted", _EXAMPLE)


_EXAMPLE = 'write {days: [sat, sun]}, or {from: "22:00", to: "06:00", zone: Europe/Berlin}'

Windows = Annotated[
    Annotated[During, Tag(MAPPING)]
    | Annotated[list[During], Field(min_length=1, max_length=MOST_WINDOWS), Tag(LIST)],
    Discriminator(_form),
    BeforeValidator(_is_window),
]


def engine_windows(windows: Sequence[During]) -> tuple[Window, ...]:
    """Return the windows as the engine sees them."""
    compiled = [window.compiled() for window in windows]
    return compile_windows(compiled, {window["zone"]: zone_table(window["zone"]) for window in compiled})
