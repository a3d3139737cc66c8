"""The published schema is the one of the code, and the page on events shows events that fit it."""

import json
import re
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator

from hubtriage.aws.decision_events.event import OPERATION_KINDS, DecisionEvent, operation_event
from hubtriage.aws.decision_events.operations import mode_changed
from hubtriage.aws.decision_events.schema import event_schema
from hubtriage.aws.switch.mode import MODES
from hubtriage.cli.main import cli
from hubtriage.engine.planning.news import KINDS
from hubtriage.localaws.cloud import LocalCloud
from tests.support.buses import detail_of, event_of, found, news_of
from tests.support.paths import ROOT

STRICT = Draft7Validator(event_schema(strict=True))
LENIENT = Draft7Validator(event_schema())
PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
SHOWN = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_what_is_checked_in_is_what_is_made() -> None:
    checked_in = (ROOT / "schema" / "decision-event.schema.json").read_text(encoding="utf-8")
    assert json.loads(checked_in) == event_schema(), "write it again: make schema"
    Draft7Validator.check_schema(event_schema())


def test_the_command_prints_it() -> None:
    done = CliRunner().invoke(cli, ["schema", "--events"])
    assert (done.exit_code, json.loads(done.stdout)) == (0, event_schema())


def test_two_schemas_at_once_are_refused() -> None:
    done = CliRunner().invoke(cli, ["schema", "--events", "--policy"])
    assert done.exit_code == 2
    assert "--policy and --events are 2 schemas: choose one" in done.stderr


@pytest.mark.parametrize("shown", [pytest.param(each, id=each["kind"]) for each in SHOWN])
def test_the_page_shows_events_that_fit(shown: dict[str, Any]) -> None:
    STRICT.validate(shown)


def test_the_page_explains_every_kind_and_member() -> None:
    explained = set(re.findall(r"^\| `([\w-]+)`", PAGE, re.MULTILINE)) | set(re.findall(r"`(\w+)`", PAGE))
    assert {*KINDS, *OPERATION_KINDS} <= explained
    assert set(detail_of(event_of())) <= explained


def test_a_mode_of_an_event_is_one_of_the_switch() -> None:
    for mode in MODES:
        detail_of(mode_changed("s", 1.0, (None, mode), "person", None, None, (1,)))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        pytest.param(("version",), "2", id="another version"),
        pytest.param(("kind",), "vanished", id="a kind that is not known"),
        pytest.param(("id",), "x", id="an id of another form"),
        pytest.param(("time",), "2026-12-01T10:00:00+01:00", id="a local time"),
        pytest.param(("sequence",), "7", id="a sequence as text"),
        pytest.param(("finding", "severity"), "SEVERE", id="a severity that AWS has not"),
        pytest.param(("deliver",), [{"to": "x"}], id="half a delivery"),
        pytest.param(("finding", "resources"), [{"type": None, "id": None}] * 4, id="too many resources"),
    ],
)
def test_what_is_no_event_of_ours_is_refused(path: tuple[str, ...], value: Any) -> None:
    detail = detail_of(event_of())
    inner = detail
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert not LENIENT.is_valid(detail)


@pytest.mark.parametrize("name", list(detail_of(event_of())))
def test_no_member_is_ever_missing(name: str) -> None:
    detail = detail_of(event_of())
    del detail[name]
    assert not LENIENT.is_valid(detail)


def test_readers_allow_for_members_of_later_versions() -> None:
    detail = detail_of(event_of()) | {"later": 1}
    detail["finding"]["later"] = 1
    assert LENIENT.is_valid(detail)
    assert not STRICT.is_valid(detail)


def example() -> dict[str, Any]:
    """The pattern of the page's example, which is CloudFormation."""
    block = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert block
    rule = yaml.safe_load(block[1].replace("!GetAtt", ""))["HiddenGraveFindings"]
    pattern: dict[str, Any] = rule["Properties"]["EventPattern"]
    return pattern


PATTERNS = {
    goal: {"detail": json.loads(text)}
    for goal, text in re.findall(r"^\| (.*?) \| `(\{.*\})` \|", PAGE, re.MULTILINE)
} | {"the example": example()}
OF_OWNER = {"rule": "r", "ends": "e", "days": 7, "owner": "cloud-platform"}
FITTING = {
    "each switch of the mode": mode_changed("s", 1.0, (None, "observe"), "person", None, None, (1,)),
    "exceptions of one owner that end soon": operation_event("expires-soon", 1.0, OF_OWNER, (1,), "s"),
    "what people overruled": event_of(news_of("overruled")),
    "everything about one account": event_of(),
    "what became visible again": event_of(news_of("escalated")),
    "the example": event_of(finding=found(Severity={"Label": "CRITICAL"})),
}


@pytest.mark.e2e
@pytest.mark.parametrize("goal", FITTING)
def test_the_patterns_of_the_page_pick_what_they_say(cloud: LocalCloud, goal: str) -> None:
    assert set(PATTERNS) == set(FITTING)
    picked = {name for name, event in FITTING.items() if _is_picked(cloud, PATTERNS[goal], event)}
    more = {
        "everything about one account": {"what people overruled", "what became visible again", "the example"}
    }
    assert picked == {goal} | more.get(goal, set())


def _is_picked(cloud: LocalCloud, pattern: dict[str, Any], event: DecisionEvent) -> bool:
    envelope = {
        "id": "e",
        "account": "111122223333",
        "source": "hubtriage",
        "time": "2026-12-01T10:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail-type": event.detail_type,
        "detail": json.loads(event.detail),
    }
    answer = cloud.client("events").test_event_pattern(
        EventPattern=json.dumps(pattern), Event=json.dumps(envelope)
    )
    return bool(answer["Result"])
