"""The topic of notices: who is subscribed to what, and who may publish."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.settings.configuration import Configuration, ConfigurationError


def of_type(template: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == kind]


def filters(template: Mapping[str, Any]) -> dict[str, Any]:
    """The filter of each subscription that has one, by address."""
    subscriptions = of_type(template, "AWS::SNS::Subscription")
    return {each["Endpoint"]: each["FilterPolicy"] for each in subscriptions if "FilterPolicy" in each}


def test_owners_get_their_notices_and_the_addresses_of_alarms_all_others(template_of) -> None:
    template = template_of(
        {
            "alarm-emails": "soc@example.com,team@example.com",
            "owners": {
                "team-a": "team@example.com",
                "cloud-*": ["team@example.com", "c@example.com"],
                "*": "x@y",
            },
        },
    )
    others = {"subscribed": ["no"]}
    assert filters(template) == {
        "soc@example.com": others,
        "team@example.com": {"$or": [{"owner": ["team-a", {"prefix": "cloud-"}]}, others]},
        "c@example.com": {"owner": [{"prefix": "cloud-"}]},
        "x@y": {"owner": [{"exists": True}]},
    }
    (variables,) = (
        names
        for each in of_type(template, "AWS::Lambda::Function")
        if "HUBTRIAGE_NOTICE_DAYS" in (names := each.get("Environment", {}).get("Variables", {}))
    )
    assert variables["HUBTRIAGE_NOTICE_DAYS"] == "30,7"
    assert json.loads(variables["HUBTRIAGE_NOTICE_OWNERS"]) == ["*", "cloud-*", "team-a"]


def test_the_addresses_that_can_wait_get_the_others_if_there_are_any(template_of) -> None:
    named = {"alarm-emails": "soc@example.com", "tomorrow-emails": "later@example.com"}
    assert filters(template_of(named)) == {"later@example.com": {"subscribed": ["no"]}}


def test_without_notices_there_is_neither_topic_nor_permission_nor_alarm(template_of) -> None:
    written = json.dumps(template_of({"notice-days": "", "alarm-emails": "soc@example.com"}))
    assert not [word for word in ("Notice", "notice", "NOTICE") if word in written]


def test_only_the_function_that_sweeps_may_publish_and_to_this_topic_alone(template_of) -> None:
    template = template_of({})
    publishing = {
        name: [
            statement
            for policy in role["Properties"].get("Policies", ())
            for statement in policy["PolicyDocument"]["Statement"]
            if statement.get("Sid") in ("GiveNotice", "EncryptNotices")
        ]
        for name, role in template["Resources"].items()
        if role["Type"] == "AWS::IAM::Role"
    }
    ((role, (publish, encrypt)),) = ((name, found) for name, found in publishing.items() if found)
    topic = template["Outputs"]["NoticesTopicArn"]["Value"]["Ref"]
    assert "Step" in role
    assert (publish["Action"], publish["Resource"]) == ("sns:Publish", {"Ref": topic})
    assert "KmsMasterKeyId" in template["Resources"][topic]["Properties"]
    assert "Fn::GetAtt" in encrypt["Resource"]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"owners": {"a": "a@b"}, "notice-days": ""}, "notice-days is empty"),
        ({"owners": {f"team-{n:03}": "a@b" for n in range(101)}}, "owners are too many"),
        ({"owners": {f"{n:099}": f"a{n}@b" for n in range(30)}}, "owners are too many"),
        ({"owners": {"*": [f"a{n}@b" for n in range(151)]}}, "owners have 151 addresses"),
        ({"owners": {"*a": "a@b"}}, "only at its end"),
        ({"owners": {"a\nb": "a@b"}}, "does not have the expected form"),
        ({"owners": {"x" * 101: "a@b"}}, "cannot be an owner"),
        ({"owners": {" a": "a@b"}}, "cannot be an owner"),
        ({"owners": {"a": ["a@b", "a@b"]}}, "appears twice"),
        ({"owners": {"a": 7}}, "does not have the expected form"),
        ({"notice-days": "7,7"}, "appears twice"),
        ({"notice-days": "6,5,4,3,2,1"}, "at most 5 items"),
        ({"notice-days": "soon"}, "valid integer"),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Configuration.from_context({f"hubtriage:{name}": value for name, value in settings.items()})
