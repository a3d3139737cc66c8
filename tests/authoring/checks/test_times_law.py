"""Laws of when rules are in force together: what is said of two rules holds at every moment that is tried."""

from random import Random
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.checks.relations.times import InForce
from hubtriage.authoring.schema.during import During
from hubtriage.engine.ruleset.windows import DAYS
from tests.support.examples import examples

NOW = 1_793_534_400.0  # a Sunday in November
DAY, HOUR = 86_400.0, 3_600.0
MOMENTS = 300

_HOURS = st.sampled_from(["00:00", "06:30", "12:00", "22:00"])
_WINDOWS = st.fixed_dictionaries(
    {"zone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"])},
    optional={
        "days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True),
        "hours": st.lists(_HOURS, min_size=2, max_size=2, unique=True),
    },
).filter(lambda window: len(window) > 1)
_RULES = st.fixed_dictionaries(
    {"windows": st.lists(_WINDOWS, max_size=2)},
    optional={
        "starts": st.integers(-30, 60).map(lambda days: NOW + days * DAY),
        "ends": st.integers(61, 90).map(lambda days: NOW + days * DAY + HOUR),
    },
)


def in_force(drawn: dict[str, Any]) -> InForce:
    windows = [
        During.model_validate(
            {
                **({"days": one["days"]} if "days" in one else {}),
                **(dict(zip(("from", "to"), one["hours"], strict=True)) if "hours" in one else {}),
                "zone": one["zone"],
            }
        )
        for one in drawn["windows"]
    ]
    model = SimpleNamespace(
        windows=windows,
        starts=SimpleNamespace(seconds=drawn["starts"]) if "starts" in drawn else None,
        expires=SimpleNamespace(end=drawn["ends"]) if "ends" in drawn else None,
    )
    return InForce(SimpleNamespace(model=model), NOW)  # type: ignore[arg-type]


@examples(150)
@given(_RULES, _RULES, st.integers(0, 2**32))
def test_what_is_said_of_two_rules_holds_at_every_moment(
    first: dict[str, Any], second: dict[str, Any], seed: int
) -> None:
    one, other = in_force(first), in_force(second)
    random = Random(seed)  # noqa: S311 - it draws moments
    moments = [NOW + random.choice([7, 60, 120, 390]) * random.random() * DAY for _index in range(MOMENTS)]
    together = one.first_with(other)
    if together is not None:
        assert one.at(together)
        assert other.at(together)
    assert [at for at in moments if one.at(at) and other.at(at) and (together is None or at < together)] == []
    for wide, narrow in ((one, other), (other, one)):
        if wide.outlasts(narrow):
            assert [at for at in moments if narrow.at(at) and not wide.at(at)] == []


def test_a_rule_outlasts_itself_and_meets_itself() -> None:
    rule = in_force({"windows": [{"zone": "UTC", "days": ["sat"]}]})
    assert rule.outlasts(rule)
    assert rule.first_with(rule) == NOW - NOW % DAY + 6 * DAY
