"""House policies for the laws, in the compiled form, about the rules and findings that the laws draw."""

from typing import Any

from hypothesis import strategies as st

from tests.laws.findings import LABELS, RELATED_LISTS, SCORES, STATUSES, TYPES, USER_KEYS, VERDICTS
from tests.laws.oracle.policy import Statements
from tests.laws.rules import FAILS_ON_ARCHIVED, IDS, LOGIC, PATTERNS

_SOME_RULES = st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True)
_CONDITIONS = st.one_of(
    st.just({"when": True}),
    PATTERNS.map(lambda pattern: {"match": pattern}),
    LOGIC.map(lambda logic: {"when": logic}),
    st.just({"when": FAILS_ON_ARCHIVED}),
    st.tuples(PATTERNS, LOGIC).map(lambda both: {"match": both[0], "when": both[1]}),
)


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.just("any"), st.lists(values, min_size=1, max_size=2, unique=True))


_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "Workflow.Status": _some(STATUSES),
        "Severity.Label": _some(LABELS),
        "VerificationState": _some(VERDICTS),
        "Confidence": _some(SCORES),
        "Types": _some(st.sampled_from(TYPES)),
        "RelatedFindings": _some(RELATED_LISTS.map(lambda each: str(each[0]["Id"]))),
        "Note.Text": _some(st.sampled_from(["SEC-1", "in 111122223333", "x" * 511 + "…"])),
        f"UserDefinedFields.{USER_KEYS[0]}": _some(st.sampled_from(["SEC-1", "in 111122223333"])),
    },
).filter(bool)
NEVER = st.one_of(st.just("hide"), st.just("hide"), _VALUES)
_ABOUT = st.one_of(
    st.just({}), _SOME_RULES.map(lambda ids: {"others": ids}), _SOME_RULES.map(lambda ids: {"rules": ids})
)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """One statement: most forbid something on some findings, others keep rules at home."""
    if draw(st.sampled_from([True, True, False])):
        return {**draw(_ABOUT), "never": draw(NEVER), "findings": draw(_CONDITIONS)}
    return {"only": draw(_CONDITIONS), "rules": draw(_SOME_RULES)}


_LISTS = st.lists(statements(), min_size=1, max_size=3)
POLICIES: st.SearchStrategy[Statements] = _LISTS.map(
    lambda said: [{"id": f"s-{number}", **one} for number, one in enumerate(said)]
)
"""Policies of one to three statements."""
