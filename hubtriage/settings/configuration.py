"""Read what a deployer chose: the CDK context values that start with `hubtriage:`.

A value stands in `cdk.json` under `context`, or on the command line as `-c hubtriage:NAME=VALUE`.
An unknown name or an impossible value ends synthesis: a misspelt setting must never be a silent default.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError, model_validator

from hubtriage.engine.text.suggestions import nearest
from hubtriage.settings.conflicts import Conflict, ConflictError, conflicts
from hubtriage.settings.fields import SettingFields, kebab_case

PREFIX = "hubtriage:"


@dataclass(eq=False)
class ConfigurationError(ValueError):
    """Context values that cannot be used; `problems` holds one text for each."""

    problems: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


class Configuration(SettingFields):
    """The deployer's choices: each is valid, and all fit each other."""

    @model_validator(mode="after")
    def _refuse_conflicts(self) -> Self:
        if found := tuple(conflicts(self)):
            raise ConflictError(found)
        return self

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read all `hubtriage:` values of a CDK context and ignore the others.

        Raises ConfigurationError with every problem at once.
        """
        ours = {key.removeprefix(PREFIX): value for key, value in context.items() if key.startswith(PREFIX)}
        try:
            return cls.model_validate(ours, by_alias=True, by_name=False)
        except ValidationError as error:
            raise ConfigurationError(tuple(_problems(ours, error))) from None


def setting_names() -> tuple[str, ...]:
    """Return the names of all settings as they are written in the context, without the prefix."""
    return tuple(map(kebab_case, SettingFields.model_fields))


def _problems(context: Mapping[str, Any], error: ValidationError) -> list[str]:
    """Return a text for each wrong value, and for each conflict between the values that are right."""
    wrong = [item for item in error.errors() if item["loc"]]
    names = {str(item["loc"][0]) for item in wrong}
    right = {name: value for name, value in context.items() if name not in names}
    valid = SettingFields.model_validate(right, by_alias=True, by_name=False)
    unmet = [each for each in conflicts(valid) if not names.intersection(each.settings)]
    return [*map(_wrong_value, wrong), *map(_conflict, unmet)]


def _conflict(found: Conflict) -> str:
    return f"context: {found.message}\n  hint: {found.hint}"


def _wrong_value(error: Mapping[str, Any]) -> str:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        near = nearest(name, setting_names())
        hint = f"did you mean {PREFIX}{near}?" if near else f"known are: {', '.join(setting_names())}"
        return f"context {PREFIX}{name}: there is no such setting\n  hint: {hint}"
    field = SettingFields.model_fields[name.replace("-", "_")]
    example = f", such as {field.examples[0]}" if field.examples else ""
    return f"context {PREFIX}{name}: {_what_is_wrong(error)}\n  hint: {field.description}{example}"


def _what_is_wrong(error: Mapping[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch":
        return f"{error['input']!r} is not of the form that is wanted"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"{error['msg']}, not {error['input']!r}"
