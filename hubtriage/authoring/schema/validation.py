"""Turn the errors of the models into problems with a place, a code and a hint."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hubtriage.authoring.problems import Fix, Problem
from hubtriage.authoring.schema.limits import UNSETTABLE
from hubtriage.authoring.schema.rule import Defaults, RuleModel, keys_of
from hubtriage.authoring.schema.types import FORMS
from hubtriage.authoring.schema.update import Update
from hubtriage.authoring.yaml.rewriting import (
    as_list,
    as_literal,
    as_text,
    under_name,
    with_name,
    with_quotes,
)
from hubtriage.authoring.yaml.scalars import AmbiguousScalar, type_word
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath, unquoted
from hubtriage.engine.text.suggestions import did_you_mean, only_candidate

M = TypeVar("M", bound=BaseModel)


def check_shape(model: type[M], document: YamlDocument, path: YamlPath) -> tuple[M | None, list[Problem]]:
    """Return the value at a path as the model, or None and every problem of its shape."""
    value = document.node(path).value
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, [_problem(model, document, path, details) for details in error.errors(include_url=False)]


def _problem(
    model: type[BaseModel], document: YamlDocument, base: YamlPath, details: ErrorDetails
) -> Problem:
    context = details.get("ctx", {})
    inside = tuple(step for step in details["loc"] if step not in (*FORMS, "[key]"))
    path = (*base, *inside)
    kind = details["type"]
    if kind == "refused":
        at = (context["at"],) if context["at"] else ()
        on_key = bool(at) or details["loc"][-1:] == ("[key]",)
        return document.problem(context["code"], (*path, *at), context["text"], context["hint"], key=on_key)
    if kind == "extra_forbidden" and inside[-2:-1] == ("update",) and path[-1] in UNSETTABLE:
        message = f"{path[-1]} cannot be set by a rule"
        hint = "BatchUpdateFindings takes " + ", ".join(Update.model_fields)
        return document.problem("E304", path, message, hint, key=True)
    if kind == "extra_forbidden" and inside[:-1] == ("defaults",) and path[-1] in keys_of(RuleModel):
        message = f"{path[-1]} cannot be a default"
        hint = "write it in each rule; defaults can be " + ", ".join(keys_of(Defaults))
        return document.problem("E101", path, message, hint, key=True)
    if kind == "extra_forbidden":
        keys = _keys_at(model, inside[:-1])
        meant = only_candidate(path[-1], keys)
        fix = with_name(document, path, meant) if meant else None
        hint = did_you_mean(path[-1], keys)
        return document.problem("E101", path, f"unknown key {path[-1]!r}", hint, key=True, fix=fix)
    if kind == "missing":
        return document.problem("E102", path[:-1], f"the key {path[-1]!r} is missing")
    if kind in _LIMITS:
        on_key = details["loc"][-1:] == ("[key]",)
        hint = _FORMS_OF.get(path[-1], "") if kind == "too_short" else ""
        return document.problem("E105", path, _LIMITS[kind](context, details["input"]), hint, key=on_key)
    if kind == "literal_error":
        return _unknown_value(document, path, details)
    return _wrong_type(document, path, kind, details["input"], _keys_at(model, inside))


def _length(word: str, at: str) -> Callable[[Mapping[str, Any], Any], str]:
    def message(context: Mapping[str, Any], value: Any) -> str:
        limit = context[f"{at}_length"]
        unit = "characters" if isinstance(value, str) else "items" if isinstance(value, list) else "keys"
        return f"{len(value)} {unit}; {word} {limit}"

    return message


_LIMITS: dict[str, Callable[[Mapping[str, Any], Any], str]] = {
    "string_too_long": _length("allowed are at most", "max"),
    "string_too_short": _length("needed are at least", "min"),
    "too_long": _length("allowed are at most", "max"),
    "too_short": _length("needed are at least", "min"),
    "greater_than_equal": lambda context, value: f"{value} is below {context['ge']}",
    "less_than_equal": lambda context, value: f"{value} is above {context['le']}",
    "finite_number": lambda _context, value: f"{value} is not a number",
}

_MOST_KEYS = 8  # more keys make a hint too long
_BOOLEAN = "true or false"
_MEANT = {"yes": True, "on": True, "no": False, "off": False}  # as YAML 1.1 has them
_WHOLE = re.compile(r"0|[1-9][0-9]{0,3}")
_LISTS_OF_TEXTS = {"Types", "Add", "Remove", "days"}
_LISTS_OF_MAPPINGS = {"rules", "tests", "RelatedFindings"}

# What may be written for keys that have several forms, or are taken for one another.
_FORMS_OF: Mapping[object, str] = {
    "ticket": "write the id of the decision, such as SEC-1042; open-ticket opens tickets for findings",
    "notify": "write a name, a list of names, or none",
    "open-ticket": "write the name of one queue, {queue: NAME, per: account}, or none",
}

# The words for the type that a pydantic error asks for.
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": _BOOLEAN,
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
}


def _wrong_type(
    document: YamlDocument, path: YamlPath, kind: str, value: object, keys: Sequence[str]
) -> Problem:
    node = document.node(path)
    wanted = _WANTED.get(kind, kind.replace("_", " "))
    if wanted == "text" and node.unquoted is not None:
        return document.problem("E004", path, *unquoted(node), fix=with_quotes(document, path))
    if isinstance(value, AmbiguousScalar) and wanted != "a list":
        message = f"readers of YAML differ about {value}; {wanted} is wanted"
        if wanted != _BOOLEAN:
            return document.problem("E004", path, message)
        meant = _MEANT.get(value.text.lower())
        fix = as_literal(document, path, meant) if meant is not None else None
        return document.problem("E004", path, message, "write true or false", fix=fix)
    hint, fix = _mended_type(document, path, wanted, value, keys)
    return document.problem("E103", path, f"{wanted} is wanted, not {type_word(value)}", hint, fix=fix)


def _mended_type(
    document: YamlDocument, path: YamlPath, wanted: str, value: object, keys: Sequence[str]
) -> tuple[str, Fix | None]:
    """Return what to write instead of a value of the wrong type, and the fix that writes it."""
    shown = document.node(path).unquoted or value
    if wanted == _BOOLEAN and value in ("true", "false"):
        return "write it without quotes", as_literal(document, path, value == "true")
    if wanted == "a whole number" and isinstance(value, str) and _WHOLE.fullmatch(value):
        return "write it without quotes", as_literal(document, path, int(value))
    if wanted == "a list" and not isinstance(value, dict):
        is_text = isinstance(value, str) and path[-1] in _LISTS_OF_TEXTS
        return f"write [{shown}]", as_list(document, path) if is_text else None
    if wanted == "a list" and path[-1] in _LISTS_OF_MAPPINGS:
        return "put it in a list", as_list(document, path)
    if wanted == "a mapping" and _is_only(keys, value):
        return f"write {{{keys[0]}: {shown}}}", under_name(document, path, keys[0])
    if wanted == "text":
        return _FORMS_OF.get(path[-1], ""), None
    return (_known(keys) if wanted == "a mapping" and keys else ""), None


def _is_only(keys: Sequence[str], value: object) -> bool:
    """Say whether a text can only have been meant for the one key that there is."""
    return len(keys) == 1 and isinstance(value, str)


def _known(keys: Sequence[str]) -> str:
    return f"its keys are {', '.join(keys)}" if len(keys) <= _MOST_KEYS else f"write {{{keys[0]}: ...}}"


def _unknown_value(document: YamlDocument, path: YamlPath, details: ErrorDetails) -> Problem:
    node = document.node(path)
    words = details["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    choice = f"one of {', '.join(words)}"
    if node.unquoted is not None and not isinstance(node.value, str):
        message, hint = unquoted(node)
        fix = with_quotes(document, path) if node.unquoted in words else None
        return document.problem("E004", path, message, hint if fix else choice, fix=fix)
    hint = did_you_mean(details["input"], words) or choice
    meant = only_candidate(details["input"], words)
    fix = as_text(document, path, meant) if meant else None
    return document.problem("E104", path, f"{details['input']!r} is not {choice}", hint, fix=fix)


def _keys_at(model: type[BaseModel], path: YamlPath) -> list[str]:
    """Return the keys that the model knows at a path inside it."""
    return _known_keys(model, tuple(step for step in path if isinstance(step, str)))


@cache
def _known_keys(model: type[BaseModel], steps: tuple[str, ...]) -> list[str]:
    models: list[type[BaseModel]] = [model]
    for step in steps:
        fields = [field for one in models for key, field in _fields(one) if key == step]
        models = [inner for field in fields for inner in _models_in(field.annotation)]
    return [key for one in models for key, _field in _fields(one)]


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the keys of a model, as they are written in files, with their fields."""
    yield from ((field.alias or name, field) for name, field in model.model_fields.items())


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type annotation names, in whatever containers."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)
