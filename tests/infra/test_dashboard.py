"""The page in CloudWatch: AWS takes it, it shows every metric that is sent, and each axis has one unit."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import jsonschema
import pytest

from hubtriage.aws.deliveries.numbers import DELIVERY_METRICS
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import step_counts
from hubtriage.aws.sweep.request import SweepRequest
from infra.alarm_texts import ALARM_TEXTS
from tests.infra.dashboard_schema import DASHBOARD_BODY
from tests.infra.draw_dashboard import body as reviewed_body
from tests.infra.draw_dashboard import drawing
from tests.infra.snapshots import snapshot
from tests.infra.test_alarms import ALWAYS
from tests.support.paths import ROOT

DOC = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
# A test of the documents holds this table to what is sent.
DOCUMENTED = dict(re.findall(r"^\| `(\w+)` \| (Count|Seconds|None) \|", DOC, re.MULTILINE))
SWEEP_METRICS = {
    name
    for ended in (Progress("done", started=1.0), Progress("waiting", started=1.0))
    for name in step_counts(SweepRequest(), Progress(), ended)
}
SENT = DOCUMENTED | dict.fromkeys(SWEEP_METRICS, "Count")
# AWS: metrics of its services, with their units.
OF_AWS = {
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName"): "Seconds",
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"): "Count",
    ("AWS/Lambda", "Duration", "FunctionName"): "Milliseconds",
    ("AWS/Lambda", "Errors", "FunctionName"): "Count",
    ("AWS/Lambda", "Throttles", "FunctionName"): "Count",
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName"): "Count",
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName"): "Count",
    ("AWS/DynamoDB", "ReadThrottleEvents", "TableName"): "Count",
    ("AWS/DynamoDB", "WriteThrottleEvents", "TableName"): "Count",
}
NOT_SHOWN = {
    "FindingsUnchanged": "it is what came in, less what was changed, refused or failed",
    "EventsNotPut": "only stacks with decision events have it, and then its alarm is on",
    "NoticesFailed": "it is hardly ever above 0, and then its alarm is on",
    "PolicyKept": "it is 0 unless the proof was passed by, and then its alarm is on",
    "SweepMessages": "how findings are packed into messages helps nobody who looks for a fault",
}
# What an axis says, by the unit of what it shows; a count names what is counted.
AXES = {"seconds": "Seconds", "milliseconds": "Milliseconds"}
OF_EXPRESSIONS = {"calls a second", "GB-seconds", "findings"}
MOST_POINTS = 1440  # AWS: of a metric in one graph, beyond which it shows longer periods


@pytest.fixture(scope="module")
def page(template: Mapping[str, Any], package: Any) -> Mapping[str, Any]:
    """The body, with references as text."""
    return reviewed_body(snapshot(json.loads(json.dumps(template)), package))


@pytest.fixture(scope="module")
def widgets(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(page["widgets"])


def _of_kind(widgets: list[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [widget["properties"] for widget in widgets if widget["type"] == kind]


def _metrics(properties: Mapping[str, Any]) -> Iterator[tuple[list[str], Mapping[str, Any]]]:
    """Yield the names of each metric (none: an expression), and its options."""
    for metric in properties["metrics"]:
        names = [item for item in metric if isinstance(item, str)]
        yield names, metric[-1] if isinstance(metric[-1], Mapping) else {}


def _searched(properties: Mapping[str, Any]) -> list[str]:
    """Return the metrics for which an expression searches."""
    return re.findall(r'SEARCH\(.*?MetricName="(\w+)"', json.dumps(properties).replace('\\"', '"'))


def test_aws_takes_the_body(page: Mapping[str, Any]) -> None:
    jsonschema.validate(page, DASHBOARD_BODY)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"width": 25}, id="too wide"),
        pytest.param({"type": "alarms"}, id="a type that is none"),
        pytest.param({"properties": {}}, id="nothing in it"),
    ],
)
def test_what_aws_refuses_is_refused(page: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    broken = {**page, "widgets": [{**page["widgets"][0], **change}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, DASHBOARD_BODY)


def test_no_widget_lies_over_another_or_beside_the_page(widgets: list[Mapping[str, Any]]) -> None:
    for one in widgets:
        assert one["x"] + one["width"] <= 24
    for one, other in combinations(widgets, 2):
        apart = (
            one["x"] + one["width"] <= other["x"]
            or other["x"] + other["width"] <= one["x"]
            or one["y"] + one["height"] <= other["y"]
            or other["y"] + other["height"] <= one["y"]
        )
        assert apart, (one, other)


def test_the_first_row_says_what_an_operator_must_see_at_once(widgets: list[Mapping[str, Any]]) -> None:
    first = [widget for widget in widgets if widget["y"] == 0]
    assert sum(widget["width"] for widget in first) == 24
    assert [widget["properties"]["title"] for widget in first] == [
        "Mode now (1: it is on)",
        "Alarms: those that are on come first",
        "Hidden now",
        "Exceptions ending soon",
        "Sweeps in the last 26 hours",
    ]
    assert {widget["properties"].get("view") for widget in first} == {"singleValue", None}
    modes = [options for names, options in _metrics(first[0]["properties"]) if not names]
    told = {options["label"]: options["expression"] for options in modes}
    assert told == {
        "enforce": "IF(mode == 0, 1, 0)",
        "reopen": "IF(mode == 1, 1, 0)",
        "observe": "IF(mode == 2, 1, 0)",
    }


def test_the_status_of_every_alarm_is_shown(
    widgets: list[Mapping[str, Any]], template: Mapping[str, Any]
) -> None:
    (shown,) = _of_kind(widgets, "alarm")
    alarms = {
        f"${{{name}.Arn}}"
        for name, item in template["Resources"].items()
        if item["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert set(shown["alarms"]) == alarms
    assert len(alarms) == len(ALWAYS)


def test_every_metric_that_is_shown_is_sent(widgets: list[Mapping[str, Any]]) -> None:
    for properties in _of_kind(widgets, "metric"):
        assert set(_searched(properties)) <= SENT.keys()
        for names, _options in _metrics(properties):
            if names[:1] == ["hubtriage"]:
                assert names[1] in SENT
                assert names[2:] == ["service", "hubtriage"]
            elif names:
                assert (names[0], names[1], names[2]) in OF_AWS
                assert len(names) == 4


def test_every_metric_that_is_sent_is_shown_or_left_out_for_a_reason(
    widgets: list[Mapping[str, Any]],
) -> None:
    shown = set()
    for properties in _of_kind(widgets, "metric"):
        shown.update(_searched(properties))
        shown.update(names[1] for names, _options in _metrics(properties) if names[:1] == ["hubtriage"])
    assert shown | NOT_SHOWN.keys() | {*DELIVERY_METRICS, "DecisionEvents"} == SENT.keys()
    assert not shown & NOT_SHOWN.keys()


def test_each_axis_has_one_unit_and_says_it(widgets: list[Mapping[str, Any]]) -> None:
    for properties in _of_kind(widgets, "metric"):
        if properties["view"] != "timeSeries":
            continue
        label = properties["yAxis"]["left"]["label"]
        visible = [
            (names, options) for names, options in _metrics(properties) if options.get("visible", True)
        ]
        computed = {bool(options.get("expression")) for _names, options in visible}
        assert len(computed) == 1, "what is computed has another unit than what is not"
        if computed == {True}:
            assert label in OF_EXPRESSIONS
            continue
        units = {
            SENT[names[1]] if names[0] == "hubtriage" else OF_AWS[names[0], names[1], names[2]]
            for names, _options in visible
        }
        assert units == {AXES.get(label, "Count")}, properties["title"]


def test_no_graph_is_a_tangle_and_every_line_has_a_name(widgets: list[Mapping[str, Any]]) -> None:
    for properties in _of_kind(widgets, "metric"):
        visible = [options for _names, options in _metrics(properties) if options.get("visible", True)]
        assert len(visible) <= 4, properties["title"]
        named = [options for options in visible if "SEARCH" not in options.get("expression", "")]
        assert all(options.get("label") for options in named), properties["title"]


def test_titles_are_plain_english_and_none_comes_twice(widgets: list[Mapping[str, Any]]) -> None:
    titles = [widget["properties"]["title"] for widget in widgets if "title" in widget["properties"]]
    assert len(titles) == len(set(titles))
    for title in titles:
        assert title[0].isupper()
        assert not re.search(r"[a-z][A-Z]|_", title), "no name of a metric"


def test_periods_fit_the_time_that_is_shown(page: Mapping[str, Any]) -> None:
    seconds = {"-P1D": 86_400, "-P7D": 7 * 86_400, "-PT26H": 26 * 3600}
    assert page["periodOverride"] == "inherit", "limits and quotas are drawn for these periods"
    for properties in _of_kind(list(page["widgets"]), "metric"):
        if properties["view"] != "timeSeries":
            continue
        for _names, options in _metrics(properties):
            points = seconds[properties.get("start", page["start"])] / options.get("period", 300)
            assert 20 <= points <= MOST_POINTS, properties["title"]


def test_each_limit_is_drawn_where_it_counts(widgets: list[Mapping[str, Any]]) -> None:
    drawn = {
        (properties["title"], line["label"]): line["value"]
        for properties in _of_kind(widgets, "metric")
        for line in properties.get("annotations", {}).get("horizontal", ())
    }
    assert drawn == {
        ("What the breaker counts, every 5 minutes", "breaker-limit"): 2000,
        ("Age of the oldest finding in the queue", "alarm findings-waiting"): 4174,
        ("Calls of Security Hub a second", "quota of updates"): 10,
        ("Calls of Security Hub a second", "quota of reads"): 3,
    }


def _links(widgets: list[Mapping[str, Any]]) -> dict[str, str]:
    texts = [properties["markdown"] for properties in _of_kind(widgets, "text")]
    return dict(re.findall(r"\[([^\]]+)\]\(([^)]+)\)", "\n".join(texts)))


def test_every_link_opens(widgets: list[Mapping[str, Any]]) -> None:
    links = _links(widgets)
    assert set(links) == {"Log of decisions", "Log of sweeps", "Sweeps"}
    assert all(re.match(r"https://\S+#\S+$", link.replace(" ", "")) for link in links.values())


def test_what_to_do_about_each_alarm_stands_there(widgets: list[Mapping[str, Any]]) -> None:
    texts = "\n".join(properties["markdown"] for properties in _of_kind(widgets, "text"))
    for name, text in ((name, ALARM_TEXTS[name]) for name in ALWAYS):
        (row,) = re.findall(rf"^\| {name} \|(.*)\|$", texts, re.MULTILINE)
        assert row.count("|") == 2, "a table of four columns"
        assert text.first[1:] in row


def test_with_a_runbook_each_alarm_there_is_a_link_to_its_section(synthesize: Any, package: Any) -> None:
    url = "https://git.example.com/triage/docs/operating.md"
    _, template = synthesize(runbook_url=url)
    links = _links(list(reviewed_body(snapshot(json.loads(json.dumps(template)), package))["widgets"]))
    assert {name: links[name] for name in ALWAYS} == {name: f"{url}#{name}" for name in ALWAYS}
    assert links["Runbook"] == f"{url}#alarms"


def test_the_dashboards_name_has_the_region(template: Mapping[str, Any]) -> None:
    (page,) = [
        item["Properties"]
        for item in template["Resources"].values()
        if item["Type"] == "AWS::CloudWatch::Dashboard"
    ]
    assert page["DashboardName"] == {"Fn::Join": ["", ["hubtriage-", {"Ref": "AWS::Region"}]]}, (
        "all Regions of an account share the names of dashboards"
    )


def test_it_can_be_drawn(page: Mapping[str, Any]) -> None:
    svg = drawing(page)
    for widget in page["widgets"]:
        if "title" in widget["properties"]:
            assert widget["properties"]["title"].replace("'", "&#x27;") in svg
