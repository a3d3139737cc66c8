"""The identity of a rule set: what a stack keeps of it, within the limits of what keeps it."""

import json
import re
from typing import Any

import pytest

from hubtriage.aws.deployment.identity import (
    MOST_RECORDED,
    IdentityError,
    RulesIdentity,
    identity_of,
    rules_gone,
)

MOST_CHARACTERS = 4096  # AWS: of a parameter
PLAIN = re.compile(r"[A-Za-z0-9/:.@+~ _()%,-]*")


def identity(names: range | list[str], **changed: Any) -> RulesIdentity:
    """The identity of rules with these names."""
    document = {
        "hash": changed.pop("hash", "0123456789abcdef"),
        "revision": changed.pop("revision", "0123456789ab"),
        "rules": [{"id": f"rule-{each}"} for each in names],
    }
    chosen: dict[str, Any] = {
        "folder": "rules",
        "repository": "git.example.com/sec/triage-rules",
        "is_known": True,
        "committed": 1_800_000_000,
        "are_samples": False,
    }
    return identity_of(document, **{**chosen, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="all known"),
        pytest.param({"revision": None, "committed": None, "is_known": False}, id="without git"),
        pytest.param({"are_samples": True}, id="samples"),
    ],
)
def test_what_a_stack_keeps_is_read_as_it_was_written(changed: dict[str, Any]) -> None:
    written = identity(range(7), **changed)
    assert RulesIdentity.from_record(written.as_record()) == written
    assert RulesIdentity.from_properties({**written.as_properties(), "ServiceToken": "arn"}) == written


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"Format": "2"}', "[" * 100_000, '{"Format": "1", "Rules": "x"}']
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(IdentityError):
        RulesIdentity.from_record(text)


def test_ten_thousand_rules_from_a_long_name_fit_into_the_parameter() -> None:
    large = identity(range(10_000), folder="f" * 1000, repository="ü" * 1000, revision="r" * 1000)
    assert len(large.as_record()) <= MOST_CHARACTERS
    assert RulesIdentity.from_record(large.as_record()).count == 10_000


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("\x1b[2J\x1b]0;owned\x07", id="escapes of a terminal"),
        pytest.param("{{resolve:secretsmanager:password}}", id="a dynamic reference of CloudFormation"),
        pytest.param("${AWS::AccountId}", id="a variable of CloudFormation"),
        pytest.param("a\nb\r\n::error::c", id="lines and a command to a workflow"),
        pytest.param("\udce4\u202e", id="half a pair, and a turn of direction"),
    ],
)
def test_nothing_in_a_name_means_anything_to_whoever_shows_it(hostile: str) -> None:
    found = identity(range(3), folder=hostile, repository=hostile, revision=hostile)
    for text in (found.folder, found.repository, found.revision_text, found.text()):
        assert PLAIN.fullmatch(text), text
    assert "{{" not in found.as_record()
    json.loads(found.as_record())


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        pytest.param(range(10), range(10), 0.0, id="the same"),
        pytest.param(range(10), range(5), 0.5, id="half"),
        pytest.param(range(10), range(4, 100), 0.4, id="others beside them"),
        pytest.param(range(1), range(1, 2), 1.0, id="the only one"),
        pytest.param(range(10), range(0), 1.0, id="no rule any more"),
        pytest.param(range(50), range(10_000), 0.0, id="few among many"),
    ],
)
def test_rules_that_are_gone(before: range, after: range, part: float) -> None:
    gone, looked_at = rules_gone(identity(before), identity(after))
    assert gone == part * looked_at
    assert looked_at


def test_no_rule_of_none_is_gone() -> None:
    assert rules_gone(identity(range(0)), identity(range(5))) == (0, 0)


@pytest.mark.parametrize("kept", [0, 3_000, 5_000, 9_000, 10_000])
def test_of_many_rules_a_sample_tells_how_many_are_gone(kept: int) -> None:
    before = RulesIdentity.from_record(identity(range(10_000)).as_record())
    gone, looked_at = rules_gone(before, identity([*range(kept), *range(20_000, 25_000)]))
    assert looked_at == MOST_RECORDED
    assert gone / looked_at == pytest.approx(1 - kept / 10_000, abs=0.08)
