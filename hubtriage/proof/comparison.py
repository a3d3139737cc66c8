"""Whether two conditions hold on the same findings, and if not, findings on which only one of them does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

from hubtriage.asff.samples import complete
from hubtriage.proof.abstraction import Asked
from hubtriage.proof.partial import Condition, FindingSpace, TooMany, finding_of

Finding: TypeAlias = Mapping[str, Any]
Verdict: TypeAlias = Literal["none", "some", "undecided"]

_TOO_MANY = "there are too many kinds of findings to go through"
_NO_WITNESS = "it depends on more than the conditions, and no finding was found that shows it"
MOST_TRIED = 200
"""So many candidates are confirmed by the engine before the search for a witness is given up."""


@dataclass(frozen=True)
class Proof:
    """Whether there is a finding of some kind.

    `none`: proved that there is none. `some`: `witness` is one, complete, and `needed` the part of it that
    matters. `undecided`: `reasons` says why.
    """

    verdict: Verdict
    witness: Finding | None = None
    needed: Finding | None = None
    reasons: tuple[str, ...] = ()


NONE = Proof("none")


def find(
    conditions: Sequence[tuple[Condition, bool]],
    asked: Sequence[Asked],
    confirm: Callable[[Finding], bool],
    now: float,
    most_tried: int = MOST_TRIED,
) -> Proof:
    """Look for a finding on which each condition has the answer that is wanted of it.

    `confirm` asks the engine itself about a complete finding, at most `most_tried` times.
    """
    space = FindingSpace(asked)
    tried = 0
    try:
        for assignment in islice(space.search(conditions), most_tried):
            tried += 1
            needed = finding_of(assignment)
            witness = _completed(needed, now)
            if confirm(witness):
                return Proof("some", witness, needed)
    except TooMany:
        return Proof("undecided", reasons=(_TOO_MANY, *space.gaps))
    if not tried and not space.gaps:
        return Proof("none")
    opaque = dict.fromkeys(
        f"this is not looked into: {json.dumps(logic)}"
        for one in asked
        for keys, logic in one.opaque.items()
        if keys in space.looked_at
    )
    return Proof("undecided", reasons=(*space.gaps, *opaque) or (_NO_WITNESS,))


def _completed(needed: Finding, now: float) -> Finding:
    """Return a complete finding with what is needed.

    Its severity is its provider's, unless what the provider says is needed too.
    """
    finding = complete(needed, now=now)
    provided = finding["FindingProviderFields"].setdefault("Severity", {})
    if "Label" not in needed.get("FindingProviderFields", {}).get("Severity", {}):
        provided["Label"] = finding["Severity"]["Label"]
    number = needed.get("Severity", {}).get("Normalized")
    if number is not None:
        provided["Normalized"] = number
    return finding
