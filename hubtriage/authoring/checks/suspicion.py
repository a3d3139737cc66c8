"""Which of many values deserve a look: a list is gone through once, however many rules name it."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from hubtriage.asff.fields import AsffField, Keys, look_up
from hubtriage.authoring.checks.kinds import misfit
from hubtriage.authoring.checks.known_values import flaw_of
from hubtriage.authoring.checks.matcher_syntax import syntax_of
from hubtriage.authoring.checks.odd_characters import odd_character
from hubtriage.engine.shared_values import derive


def suspects(keys: Keys, values: Sequence[Any]) -> Sequence[int]:
    """Return the positions of the values that a field hardly has; no operators among them."""
    return derive(_finder(keys), values)


@lru_cache(maxsize=4096)
def _finder(keys: Keys) -> Callable[[Sequence[Any]], list[int]]:
    field = look_up(keys)
    kind = field.kind if isinstance(field, AsffField) else "unknown"

    def is_suspect(value: Any) -> bool:
        if isinstance(value, dict | list):
            return False
        if value is not None and misfit(kind, value):
            return True
        if isinstance(value, str) and (odd_character(value) or syntax_of(keys, value)):
            return True
        return (value is None and kind == "object") or flaw_of(keys, value) is not None

    return lambda values: [index for index, value in enumerate(values) if is_suspect(value)]
