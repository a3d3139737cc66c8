"""json-logic-js under node as the judge of JsonLogic, and how its answers compare to ours."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hubtriage.engine.jsonlogic.compiler import EvaluationError, compile_logic

ORACLE = Path(__file__).with_name("oracle.js")


def node_answers(cases: Iterable[tuple[Any, Any]]) -> Iterator[Any]:
    """Yield json-logic-js's answer to each (logic, data), in order."""
    text = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run(["node", str(ORACLE)], input=text, capture_output=True, text=True, check=True)
    return map(json.loads, done.stdout.splitlines())


def our_answer(logic: Any, data: Any) -> Any:
    """Return our answer in the oracle's notation."""
    try:
        return encode(compile_logic(logic)(data))
    except EvaluationError:
        return {"$": "error"}


def encode(value: Any) -> Any:
    """Write what JSON cannot say as the oracle does."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return {"$": "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"}
        return {"$": "-0"} if value == 0 and math.copysign(1, value) < 0 else value
    if isinstance(value, list):
        return [encode(item) for item in value]
    return {key: encode(item) for key, item in value.items()} if isinstance(value, dict) else value


def same(left: Any, right: Any) -> bool:
    """Compare answers by type and value.

    Numbers are compared as doubles: 5 and 5.0 are one, and JavaScript writes a double above 2^53 with the
    fewest digits, which Python reads as another integer.
    """
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if _is_number(left) and _is_number(right):
        return float(left) == float(right)
    return type(left) is type(right) and left == right


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
