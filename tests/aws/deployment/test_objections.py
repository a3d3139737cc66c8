"""Which rules may take the place of which: the table of the module, row by row, and the text of a refusal."""

from typing import Any

import pytest

from hubtriage.aws.deployment.objections import Deployed, NoIdentity, objections, refusal
from tests.aws.deployment.test_identity import identity

NOTHING, UNKNOWN = NoIdentity.NOTHING, NoIdentity.UNKNOWN
OTHER: dict[str, Any] = {"hash": "fedcba9876543210"}
LATER = 1_800_000_600
OURS = identity(range(10))
NO_REMOTE = identity(range(10), repository="triage-rules", is_known=False)
NO_GIT = identity(range(10), repository="triage-rules", is_known=False, revision=None, committed=None)
SAMPLES = identity(["a", "b"], are_samples=True)


@pytest.mark.parametrize(
    ("deployed", "new", "words"),
    [
        pytest.param(NOTHING, OURS, None, id="a first deployment"),
        pytest.param(NOTHING, SAMPLES, None, id="a first deployment of the samples"),
        pytest.param(UNKNOWN, OURS, None, id="own rules over those of an earlier version"),
        pytest.param(UNKNOWN, SAMPLES, "sample rules", id="samples over those of an earlier version"),
        pytest.param(OURS, OURS, None, id="the same rules"),
        pytest.param(OURS, identity(range(10), repository="x/y"), None, id="the same rules that have moved"),
        pytest.param(OURS, identity(range(10), are_samples=True, **OTHER), "sample rules", id="samples"),
        pytest.param(SAMPLES, identity(range(3), **OTHER), None, id="own rules over samples"),
        pytest.param(
            SAMPLES,
            identity(["a"], repository="x/y", committed=1, are_samples=True, **OTHER),
            None,
            id="samples of another version",
        ),
        pytest.param(
            OURS,
            identity(range(10), repository="git.example.com/SEC/Triage-Rules", **OTHER),
            None,
            id="a name in other capitals",
        ),
        pytest.param(
            OURS,
            identity(range(10), repository="git.example.com/dev/rules", **OTHER),
            "of git.example.com/dev/rules, and the deployed ones of git.example.com/sec/triage-rules",
            id="another repository",
        ),
        pytest.param(
            OURS,
            identity(range(10), repository="git.example.com/sec/triage-rules", is_known=False, **OTHER),
            "(no git remote), and the deployed",
            id="one that is not known, of whatever name",
        ),
        pytest.param(NO_REMOTE, identity(range(10), **OTHER), None, id="now it is known"),
        pytest.param(
            NO_REMOTE,
            identity(range(9), repository="triage-rules", is_known=False, **OTHER),
            None,
            id="neither is known, folders of one name",
        ),
        pytest.param(
            NO_REMOTE,
            identity(range(9), repository="others", is_known=False, **OTHER),
            "they are of others (no git remote)",
            id="neither is known, folders of two names",
        ),
        pytest.param(
            NO_GIT,
            identity(range(4), repository="triage-rules", is_known=False, **OTHER),
            "6 of the 10 rules that are deployed are gone, more than half",
            id="neither is known, and most rules are gone",
        ),
        pytest.param(
            OURS,
            identity(range(10), committed=1_799_999_999, revision="aaaaaaaaaaaa", **OTHER),
            "revision aaaaaaaaaaaa of 2027-01-15 07:59 UTC is earlier than the deployed 0123456789ab",
            id="an earlier revision",
        ),
        pytest.param(OURS, identity(range(10), committed=LATER, **OTHER), None, id="a later revision"),
        pytest.param(OURS, identity(range(10), **OTHER), None, id="changes that are not committed"),
        pytest.param(NO_GIT, NO_REMOTE, None, id="a time that was not known"),
        pytest.param(OURS, identity(range(5), committed=LATER, **OTHER), None, id="half of the rules"),
        pytest.param(
            OURS,
            identity(range(4), committed=LATER, **OTHER),
            "6 of the 10 rules",
            id="more than half of the rules are gone",
        ),
        pytest.param(
            identity(range(10_000)),
            identity(range(2_000), **OTHER),
            " % of the 10,000 rules that are deployed are gone, more than half",
            id="most of very many",
        ),
        pytest.param(identity(range(0)), identity(range(3), **OTHER), None, id="over no rules"),
    ],
)
def test_objections(deployed: Deployed, new: Any, words: str | None) -> None:
    if not isinstance(deployed, NoIdentity):
        deployed = type(deployed).from_record(deployed.as_record())
    found = objections(deployed, new)
    assert (found == ()) if words is None else (len(found) == 1 and words in found[0]), found


def test_times_do_not_count_where_git_knows() -> None:
    earlier = identity(range(10), committed=1, **OTHER)
    assert objections(OURS, earlier) != ()
    assert objections(OURS, earlier, by_time=False) == ()


def test_a_refusal_says_what_is_there_what_would_be_and_what_to_write() -> None:
    new = identity(range(2), repository="x/y", **OTHER)
    text = refusal(objections(OURS, new), OURS, new)
    assert "they are of x/y" in text
    assert "8 of the 10 rules" in text
    assert f"Deployed: {OURS.text()}. To be deployed: {new.text()}." in text
    assert "`hubtriage deploy --replace`" in text
    assert "`npx cdk deploy -c hubtriage:replace=true`" in text
    assert len(text) < 2000, "AWS: an answer to CloudFormation has at most 4,096 bytes"
