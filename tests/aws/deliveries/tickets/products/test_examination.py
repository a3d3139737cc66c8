"""An examination of a queue says what keeps tickets from being opened, and opens none."""

import pytest

from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.tickets.function import TicketFunction
from hubtriage.aws.deliveries.tickets.intake import Intake
from hubtriage.aws.deliveries.tickets.products.examination import EXAMINE, examined
from hubtriage.aws.deliveries.tickets.service import Refusal
from hubtriage.aws.logger import logger
from tests.support.ticket_world import QUEUE, Context, TicketWorld


@pytest.mark.parametrize(
    ("said", "ready", "objections", "refused"),
    [
        pytest.param((), True, [], None, id="nothing is known"),
        pytest.param(("no labels",), False, ["no labels"], None, id="something is known"),
        pytest.param(NotDone("HTTP 401", status=401), False, [], "HTTP 401", id="refused"),
        pytest.param(Unknown("HTTP 503"), False, [], "HTTP 503", id="no answer"),
    ],
)
def test_what_an_examination_finds(
    said: tuple[str, ...] | Refusal, ready: bool, objections: list[str], refused: str | None
) -> None:
    found = examined("cloud", "jira", lambda: said)
    asked = {"queue": "cloud", "kind": "jira"}
    assert found == {**asked, "ready": ready, "objections": objections, "refused": refused}


def test_the_function_examines_when_it_is_asked_and_works_otherwise() -> None:
    world = TicketWorld()
    intake = Intake(world.table, QUEUE, world.clock)
    log = logger("tickets-test", "CRITICAL")
    function = TicketFunction(intake, world.desk(), lambda _: None, log, lambda: {"ready": True})
    assert function({"tickets": EXAMINE}, Context()) == {"ready": True}
    assert function({"source": "schedule"}, Context()) == {}
    assert world.service.calls == []
