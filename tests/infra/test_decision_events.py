"""The bus of decision events: who may put events on it, who may read it, and that it is off by default."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.settings.configuration import Configuration, ConfigurationError
from tests.infra.conftest import TemplateOf

ON = {"decision-events": True}
READERS = ON | {"event-readers": "222233334444,111122223333"}


def of_type(template: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def putting(template: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The statements with an action of PutEvents, by role."""
    found = {
        name: [
            statement
            for policy in role.get("Policies", ())
            for statement in policy["PolicyDocument"]["Statement"]
            if "events:Put" in json.dumps(statement["Action"])
        ]
        for name, role in of_type(template, "AWS::IAM::Role").items()
    }
    return {name: statements for name, statements in found.items() if statements}


def test_by_default_there_is_no_trace_of_it(template_of: TemplateOf) -> None:
    written = json.dumps(template_of({}))
    words = ("EVENT_BUS", "EventBus", "PutEvents", "Decisions", "-decisions")
    assert [word for word in words if word in written] == []


def test_four_functions_may_put_events_on_this_bus_and_on_no_other(template_of: TemplateOf) -> None:
    template = template_of(ON)
    ((bus, properties),) = of_type(template, "AWS::Events::EventBus").items()
    assert properties["Name"] == "hubtriage-decisions"
    found = putting(template)
    assert sorted(role.rstrip("0123456789ABCDEF") for role in found) == [
        "BreakerRole",
        "SweepDeployedRole",
        "SweepStepRole",
        "TriageRole",
    ]
    for statements in found.values():
        (statement,) = statements
        assert (statement["Action"], statement["Effect"]) == ("events:PutEvents", "Allow")
        assert statement["Resource"] == {"Fn::GetAtt": [bus, "Arn"]}


def test_a_function_knows_the_bus_only_if_it_may_put_events_there(template_of: TemplateOf) -> None:
    template = template_of(ON)
    told = {
        each["Role"]["Fn::GetAtt"][0]
        for each in of_type(template, "AWS::Lambda::Function").values()
        if "HUBTRIAGE_EVENT_BUS" in each.get("Environment", {}).get("Variables", {})
    }
    assert told == set(putting(template))


def test_the_output_names_the_bus(template_of: TemplateOf) -> None:
    template = template_of(ON | {"stack-name": "sec-triage"})
    ((bus, properties),) = of_type(template, "AWS::Events::EventBus").items()
    assert template["Outputs"]["EventBusName"]["Value"] == {"Ref": bus}
    assert properties["Name"] == "sec-triage-decisions"


def test_without_readers_no_other_account_may_do_anything(template_of: TemplateOf) -> None:
    assert of_type(template_of(ON), "AWS::Events::EventBusPolicy") == {}


def test_readers_manage_the_rules_that_they_made_and_put_no_event(template_of: TemplateOf) -> None:
    (policy,) = of_type(template_of(READERS), "AWS::Events::EventBusPolicy").values()
    statement = policy["Statement"]
    assert not [action for action in statement["Action"] if "PutEvents" in action or "*" in action]
    assert {"events:PutRule", "events:PutTargets", "events:DeleteRule"} <= set(statement["Action"])
    assert statement["Condition"] == {
        "StringEqualsIfExists": {"events:creatorAccount": "${aws:PrincipalAccount}"}
    }
    assert json.dumps(statement["Resource"]).endswith(':rule/hubtriage-decisions/*"]]}')
    accounts = json.dumps(statement["Principal"])
    assert accounts.count(":root") == 2
    assert "111122223333" in accounts
    assert "222233334444" in accounts


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"event-readers": "111122223333"}, "without decision-events there is no bus"),
        ({"decision-events": True, "event-readers": "111122223333,111122223333"}, "appears twice"),
        ({"decision-events": True, "event-readers": "*"}, "does not have the expected form"),
        (
            {"decision-events": True, "event-readers": ",".join(f"{n:012}" for n in range(51))},
            "at most 50 items",
        ),
    ],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Configuration.from_context({f"hubtriage:{name}": value for name, value in settings.items()})


def test_what_cannot_be_put_is_seen_by_a_person(template_of: TemplateOf) -> None:
    (alarm,) = [
        each
        for each in of_type(template_of(ON), "AWS::CloudWatch::Alarm").values()
        if each["AlarmName"] == "hubtriage-events-not-put"
    ]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("EventsNotPut", 0, 1)
