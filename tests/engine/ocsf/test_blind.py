"""What is left of a condition on V2: what surely holds, and what may hold, whatever V2 does not show."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.fields import OCSF
from hubtriage.engine.ocsf.blind import SEEN, SOMETIMES, blind_paths, is_blind, lacking, on_v2
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.ruleset.condition import condition
from tests.conformance import rule_grammar
from tests.docs.v2_tables import whole_finding
from tests.support.examples import EFFORT

RULES, FINDINGS = 150, 60


@pytest.mark.parametrize(
    ("path", "blind"),
    [
        ("Title", False),
        ("Severity.Label", False),
        ("Severity", False),
        ("Resources", False),
        ("Resources.Type", False),
        ("Resources.0.Type", False),
        ("Resources.Tags", False),
        ("Resources.Tags.env", False),
        ("Resources.Tags.1", False),
        ("Vulnerabilities.Cvss.BaseScore", False),
        ("Note.Text", False),
        ("Note", False),
        ("Compliance.AssociatedStandards.StandardsId", False),
        ("Note.UpdatedBy", True),
        ("ProductFields", True),
        ("ProductFields.aws/x", True),
        ("Resources.Details", True),
        ("Resources.Details.AwsS3Bucket.Name", True),
        ("Severity.Original", True),
        ("UserDefinedFields.k", True),
        ("VerificationState", True),
        ("Confidence", True),
        ("Criticality", True),
        ("FindingProviderFields.Types", True),
        ("FindingProviderFields.Severity.Label", False),
        ("Vulnerabilities.Vendor.Name", True),
        ("RelatedFindings.Id", True),
        ("Ocsf", True),
        ("Nowhere", True),
    ],
)
def test_what_v2_shows(path: str, blind: bool) -> None:
    assert is_blind(path.split(".")) is blind


def paths(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of what a view has; tags have names of their own."""
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for one in value:
            yield from paths(one, path)
    elif isinstance(value, dict) and path != ("Resources", "Tags"):
        for name, one in value.items():
            yield from paths(one, (*path, name))
    else:
        yield path


def test_what_v2_shows_is_what_a_view_has() -> None:
    view = asff_view(whole_finding())
    assert set(paths({name: value for name, value in view.items() if name != OCSF})) == SEEN


def var(path: str) -> dict[str, Any]:
    """Return an expression that reads a path."""
    return {"var": path}


DEV = {"==": [var("Resources.0.Tags.env"), "dev"]}
FIELD = {"==": [var("ProductFields.x"), "a"]}


@pytest.mark.parametrize(
    ("own", "holds", "may_hold"),
    [
        pytest.param({"match": {"Title": ["a"]}}, {"match": {"Title": ["a"]}}, None, id="nothing blind"),
        pytest.param({"match": {"ProductFields": {"x": ["a"]}}}, None, {}, id="a blind field alone"),
        pytest.param(
            {"match": {"Title": ["a"], "ProductFields": {"x": [{"exists": False}]}}},
            None,
            {"match": {"Title": ["a"]}},
            id="a field beside a blind one may decide that it does not match",
        ),
        pytest.param(
            {"match": {"Title": ["a"], "$or": [{"Confidence": [1]}, {"Region": ["b"]}]}},
            {"match": {"Title": ["a"], "Region": ["b"]}},
            {"match": {"$or": [{"Title": ["a"]}, {"Title": ["a"], "Region": ["b"]}]}},
            id="a branch that is blind",
        ),
        pytest.param(
            {"match": {"$or": [{"Confidence": [1]}, {"Title": ["b"]}]}},
            {"match": {"Title": ["b"]}},
            {},
            id="a branch that is nothing but blind",
        ),
        pytest.param(
            {
                "match": {
                    "Resources": {
                        "Details": {"x": ["a"]},
                        "Type": ["b"],
                        "Tags": {"env": [{"exists": False}]},
                    }
                }
            },
            None,
            {"match": {"Resources": {"Type": ["b"]}}},
            id="what may be absent in the element that a blind field names",
        ),
        pytest.param({"when": FIELD}, None, {}, id="a blind comparison"),
        pytest.param({"when": {"!": [FIELD]}}, None, {}, id="and its negation"),
        pytest.param({"when": {"and": [DEV, FIELD]}}, None, {"when": {"and": [DEV]}}, id="and"),
        pytest.param({"when": {"or": [DEV, FIELD]}}, {"when": {"or": [DEV]}}, {}, id="or"),
        pytest.param(
            {"when": {"!": [{"and": [DEV, FIELD]}]}},
            {"when": {"!": [{"and": [DEV]}]}},
            {},
            id="the negation of and",
        ),
        pytest.param(
            {"when": {"!": [{"or": [DEV, FIELD]}]}},
            None,
            {"when": {"!": [{"or": [DEV]}]}},
            id="the negation of or",
        ),
        pytest.param(
            {"when": {"!!": [{"and": [DEV, FIELD]}]}}, None, {"when": {"and": [DEV]}}, id="twice negated"
        ),
        pytest.param(
            {"when": {"if": [DEV, FIELD, True]}},
            {"when": {"if": [DEV, False, True]}},
            {"when": {"if": [DEV, True, True]}},
            id="a choice whose test is seen",
        ),
        pytest.param({"when": {"if": [FIELD, DEV, DEV]}}, None, {}, id="a choice whose test is not"),
        pytest.param(
            {"when": {"some": [var("Resources"), {"and": [{"==": [var("Type"), "a"]}, var("Details.x")]}]}},
            None,
            {"when": {"some": [var("Resources"), {"and": [{"==": [var("Type"), "a"]}]}]}},
            id="an element",
        ),
        pytest.param(
            {"when": {"none": [var("Resources"), {"or": [{"==": [var("Type"), "a"]}, var("Details.x")]}]}},
            {"when": {"none": [var("Resources"), True]}},
            {"when": {"none": [var("Resources"), {"or": [{"==": [var("Type"), "a"]}]}]}},
            id="no element",
        ),
        pytest.param({"when": {"some": [var("RelatedFindings"), True]}}, None, {}, id="a blind list"),
        pytest.param({"when": {"missing": ["Title", "Confidence"]}}, None, {}, id="missing"),
        pytest.param(
            {"when": {"missing": ["Title"]}}, {"when": {"missing": ["Title"]}}, None, id="missing, but seen"
        ),
        pytest.param({"when": {"missing_some": [1, ["Criticality"]]}}, None, {}, id="some missing"),
        pytest.param({"when": {"get": [var("ProductFields"), "a"]}}, None, {}, id="get from what is blind"),
        pytest.param({"when": {"get": [var("Resources.0"), "Details"]}}, None, {}, id="get what is blind"),
        pytest.param(
            {"when": {"get": [var("Resources.0"), var("Title")]}}, None, {}, id="get what is calculated"
        ),
        pytest.param(
            {"when": {"!": [{"get": [{"var": ["Resources.0", None]}, "Details"]}]}},
            None,
            {},
            id="get what is blind from what has a default",
        ),
        pytest.param(
            {"when": {"!": [{"get": [{"if": [DEV, var("Resources.0"), None]}, "Details"]}]}},
            None,
            {},
            id="get what is blind from what is chosen",
        ),
        pytest.param(
            {"when": {"some": [var("Resources"), {"!": [{"get": [var(""), "Details"]}]}]}},
            None,
            {"when": {"some": [var("Resources"), True]}},
            id="get what is blind from an element",
        ),
        pytest.param(
            {"when": {"get": [{"get": [var("Resources.0"), "Details"]}, "x"]}}, None, {}, id="get twice"
        ),
        pytest.param(
            {"when": {"get": [{"get": [var("Resources.0"), "Tags"]}, "x"]}},
            {"when": {"get": [{"get": [var("Resources.0"), "Tags"]}, "x"]}},
            None,
            id="get twice, but seen",
        ),
        pytest.param(
            {"when": {"some": [var("Resources"), {"get": [var(""), "Type"]}]}},
            {"when": {"some": [var("Resources"), {"get": [var(""), "Type"]}]}},
            None,
            id="get what is seen from an element",
        ),
        pytest.param({"when": {"var": {"cat": ["Ti", "tle"]}}}, None, {}, id="a calculated path"),
        pytest.param({"when": {"!!": [{"var": ""}]}}, None, {}, id="the whole finding"),
        pytest.param({"when": True}, {"when": True}, None, id="no path at all"),
        pytest.param(
            {"match": {"Title": ["a"]}, "when": {"or": [DEV, FIELD]}},
            {"match": {"Title": ["a"]}, "when": {"or": [DEV]}},
            {"match": {"Title": ["a"]}},
            id="match and when",
        ),
    ],
)
def test_what_is_left(own: dict[str, Any], holds: Any, may_hold: Any) -> None:
    """`may_hold` None: as the rule's own."""
    left = on_v2(own)
    assert left.is_affected is (may_hold is not None)
    assert left.holds == holds
    assert left.may_hold == (own if may_hold is None else may_hold)


def test_a_finding_may_lack_what_v2_shows_on_others() -> None:
    rule = {"match": {"GeneratorId": ["a"], "Title": ["b"]}}
    assert not on_v2(rule).is_affected
    left = on_v2(rule, frozenset({"GeneratorId"}))
    assert (left.holds, left.may_hold) == (None, {"match": {"Title": ["b"]}})
    assert blind_paths(rule, frozenset({"GeneratorId"})) == ["GeneratorId"]
    assert not on_v2({"when": var("Title")}, SOMETIMES).is_affected
    assert lacking({"GeneratorId": "x"}) == {"AwsAccountName"}


def test_the_effect_of_what_is_left() -> None:
    assert on_v2({"match": {"Title": ["a"]}}).effect == "as elsewhere"
    assert on_v2({"when": {"or": [DEV, FIELD]}}).effect == "less often"
    assert on_v2({"when": FIELD}).effect == "never"


def test_reduce_reads_what_its_elements_have() -> None:
    def gathered(path: str) -> dict[str, Any]:
        return {"when": {"reduce": [var("Resources"), {"+": [var("accumulator"), var(path)]}, 0]}}

    assert not on_v2(gathered("current.Type")).is_affected
    assert on_v2(gathered("current.Details.x")).is_affected
    assert on_v2(gathered("accumulator.Details")).is_affected
    assert on_v2(gathered("Title")).is_affected  # not the finding's: there is nothing of this name


def test_reduce_may_get_members_of_its_elements() -> None:
    def gathered(of: str, name: str) -> dict[str, Any]:
        return {"when": {"reduce": [var("Resources"), {"!": [{"get": [var(of), name]}]}, None]}}

    assert not on_v2(gathered("current", "Type")).is_affected
    assert on_v2(gathered("current", "Details")).is_affected
    assert on_v2(gathered("accumulator", "Details")).is_affected


def test_blind_paths_are_named_once() -> None:
    rule = {
        "match": {"ProductFields": {"x": ["a"]}},
        "when": {"and": [FIELD, var("Confidence"), {"var": ""}]},
    }
    assert blind_paths(rule) == ["ProductFields.x", "Confidence", "?"]
    assert blind_paths({"when": True}) == []


def shown(value: Any, path: tuple[str, ...] = ()) -> Any:
    """Return a finding without what V2 does not show."""
    if isinstance(value, list):
        return [shown(one, path) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: shown(one, (*path, name)) for name, one in value.items() if not is_blind((*path, name))}


def outcome(of: Any, finding: Any) -> bool | None:
    """Return whether a condition holds; None if it fails."""
    if not of:
        return of is not None
    try:
        return condition(of, rule_grammar.ACCOUNTS)(finding, rule_grammar.NOW)
    except EvaluationError:
        return None


@pytest.mark.parametrize("lacks", [frozenset[str](), frozenset({"Title", "Types"})], ids=["all", "some"])
@pytest.mark.parametrize("seed", range(3 * EFFORT))
def test_what_v2_does_not_show_decides_nothing(seed: int, lacks: frozenset[str]) -> None:
    """What surely holds on what V2 shows holds on the finding; what holds there may hold on what V2 shows."""
    draw = random.Random(seed)
    rules = [rule_grammar.rule(draw) for _ in range(RULES)]
    lefts = [(rule, on_v2(rule, lacks)) for rule in rules]
    affected = [(rule, left) for rule, left in lefts if left.is_affected]
    assert affected
    seen: set[tuple[bool | None, bool | None, bool | None]] = set()
    for _ in range(FINDINGS):
        finding = rule_grammar.finding(draw)
        view = {name: value for name, value in shown(finding).items() if name not in lacks}
        for rule, left in affected:
            own, surely, may = outcome(rule, finding), outcome(left.holds, view), outcome(left.may_hold, view)
            seen.add((own, surely, may))
            assert not (surely and own is False), (rule, finding)
            assert not (own and may is False), (rule, finding)
    assert {(True, True, True), (True, False, True), (False, False, True), (False, False, False)} <= seen
