"""Where the decisions of a rule are delivered, and which findings share a ticket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.ruleset.delivery import (
    LONGEST_GROUP,
    NO_ROUTES,
    Delivery,
    Destination,
    Routes,
    compile_deliveries,
    destinations,
    group_of,
)

ROUTES = Routes.of(
    {
        "routes": {
            "team": {
                "by": "owner",
                "to": {"payments": "pay", "cloud-*": "cloud", "cloud-core-*": "core", "quiet": "none"},
                "otherwise": "rest",
            },
            "stage": {"by": "account.stage", "to": {"prod": "urgent"}, "otherwise": "none"},
        }
    }
)
FINDING = {
    "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
    "Id": "one",
    "AwsAccountId": "111122223333",
    "GeneratorId": "security-control/S3.1",
    "Compliance": {"SecurityControlId": "S3.1"},
    "Resources": [{"Id": "arn:aws:s3:::a"}, {"Id": "arn:aws:s3:::b"}],
}
ACCOUNTS = {"111122223333": {"stage": "prod"}, "444455556666": {"stage": "test"}}


def test_a_rule_without_the_keys_delivers_nothing():
    assert compile_deliveries({"id": "a"}) == ()


def test_the_keys_of_a_rule_become_its_deliveries():
    raw = {"notify": ["chat", "hook"], "open-ticket": {"queue": "cloud", "per": "control"}}
    assert compile_deliveries(raw) == (
        Delivery("chat", "message"),
        Delivery("hook", "message"),
        Delivery("cloud", "ticket", "control"),
    )


@pytest.mark.parametrize(
    ("name", "owner", "attributes", "to"),
    [
        pytest.param("chat", None, {}, "chat", id="a name that is no route stands for itself"),
        pytest.param("none", None, {}, None, id="none is nowhere"),
        pytest.param("team", "payments", {}, "pay", id="the owner's entry"),
        pytest.param("team", "cloud-edge", {}, "cloud", id="the beginning of a name"),
        pytest.param("team", "cloud-core-1", {}, "core", id="the longest beginning counts"),
        pytest.param("team", "other", {}, "rest", id="an owner without entry"),
        pytest.param("team", None, {}, "rest", id="an owner that is not known"),
        pytest.param("team", "quiet", {}, None, id="an entry may lead nowhere"),
        pytest.param("stage", "payments", {"stage": "prod"}, "urgent", id="the account's attribute"),
        pytest.param("stage", "payments", {}, None, id="an account without the attribute"),
    ],
)
def test_a_name_leads_to_one_channel_or_queue(name, owner, attributes, to):
    assert ROUTES.resolve(name, owner, attributes) == to


@pytest.mark.parametrize(
    ("per", "group"),
    [
        pytest.param("rule", "a-rule", id="the rule"),
        pytest.param("account", "111122223333", id="the account"),
        pytest.param("control", "S3.1", id="the control"),
        pytest.param("resource", "arn:aws:s3:::a", id="the first resource"),
    ],
)
def test_findings_are_grouped_by_what_they_have_in_common(per, group):
    assert group_of(Delivery("cloud", "ticket", per), "a-rule", FINDING) == group


def test_a_finding_of_no_control_is_grouped_by_its_generator():
    one = FINDING | {"Compliance": {"Status": "FAILED"}}
    assert group_of(Delivery("cloud", "ticket", "control"), "a-rule", one) == "security-control/S3.1"


def test_a_finding_of_neither_is_grouped_by_its_first_type():
    one = {"Types": ["TTPs/Persistence", "Effects"], "Compliance": {}}
    assert group_of(Delivery("cloud", "ticket", "control"), "a-rule", one) == "TTPs/Persistence"


def test_two_findings_never_share_a_ticket_per_finding():
    per_finding = Delivery("cloud", "ticket", "finding")
    others = [FINDING, FINDING | {"Id": "two"}, FINDING | {"ProductArn": "arn:two"}]
    assert len({group_of(per_finding, "a-rule", one) for one in others}) == len(others)


HOSTILE = st.one_of(
    st.none(), st.integers(), st.just([]), st.text(max_size=400), st.lists(st.just({"Id": "x"}), max_size=2)
)


@given(
    st.fixed_dictionaries(
        dict.fromkeys(("AwsAccountId", "GeneratorId", "Compliance", "Resources", "Types", "Id"), HOSTILE)
    )
)
def test_a_group_is_a_short_text_of_one_line_whatever_is_in_the_finding(finding):
    for per in ("account", "control", "resource", "finding"):
        group = group_of(Delivery("cloud", "ticket", per), "a-rule", finding)
        assert group.isprintable()
        assert 1 <= len(group) <= LONGEST_GROUP


@given(st.text(max_size=300), st.text(max_size=300))
def test_different_texts_are_different_groups(one, other):
    per_account = Delivery("cloud", "ticket")
    groups = [group_of(per_account, "a-rule", {"AwsAccountId": text}) for text in (one, other)]
    blank = [text for text in (one, other) if not text.strip()]
    assert (groups[0] == groups[1]) == (one == other or len(blank) == 2)


def test_a_group_does_not_hide_what_it_is_by_characters_that_do_not_show():
    hostile = {"AwsAccountId": "1\u202e2\n3\ud800"}
    assert group_of(Delivery("cloud", "ticket"), "a-rule", hostile).startswith("1?2?3?~")


def test_two_names_that_lead_to_the_same_channel_deliver_once():
    asked = (Delivery("pay", "message"), Delivery("team", "message"), Delivery("team", "ticket", "rule"))
    assert list(destinations("a-rule", asked, FINDING, "payments", ROUTES, ACCOUNTS)) == [
        Destination("pay", "message", "a-rule", "account", "111122223333"),
        Destination("pay", "ticket", "a-rule", "rule", "a-rule"),
    ]


def test_the_account_directory_decides_where_a_finding_goes():
    asked = (Delivery("stage", "ticket"),)
    test = FINDING | {"AwsAccountId": "444455556666"}
    assert [each.to for each in destinations("a", asked, FINDING, None, ROUTES, ACCOUNTS)] == ["urgent"]
    assert list(destinations("a", asked, test, None, ROUTES, ACCOUNTS)) == []
    assert list(destinations("a", asked, {"AwsAccountId": ["x"]}, None, ROUTES, ACCOUNTS)) == []


def test_a_destination_is_written_as_in_events():
    (one,) = destinations("a", (Delivery("chat", "message"),), FINDING, None, NO_ROUTES, {})
    assert one.as_record() == {"to": "chat", "as": "message", "rule": "a", "group": "111122223333"}
    (one,) = destinations("a", (Delivery("q", "ticket", "rule"),), FINDING, None, NO_ROUTES, {})
    assert one.as_record() == {"to": "q", "as": "ticket", "rule": "a", "per": "rule", "group": "a"}
