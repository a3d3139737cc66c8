"""A queue's table in hubtriage.toml becomes the adapter of its product."""

from typing import Any

import pytest

from hubtriage.aws.deliveries.http import HttpClient
from hubtriage.aws.deliveries.secrets import SecretStore
from hubtriage.aws.deliveries.tickets.products.jira import Jira, JiraQueue
from hubtriage.aws.deliveries.tickets.products.kinds import product
from hubtriage.aws.deliveries.tickets.products.servicenow import STATES, ServiceNow, ServiceNowQueue
from hubtriage.settings.deliveries import TicketQueue
from tests.support.outside_services import Secrets, SetClock

JIRA = {"kind": "jira", "url": "https://acme.atlassian.net/", "secret": "hubtriage/jira", "project": "SEC"}
SERVICENOW = {"kind": "servicenow", "url": "https://acme.service-now.com", "secret": "hubtriage/desk"}


def settings(**given: Any) -> dict[str, Any]:
    """Return a queue's table as the function gets it."""
    return TicketQueue.model_validate(given).model_dump(mode="json", by_alias=True)


def test_the_settings_of_jira() -> None:
    plain = JiraQueue.of(settings(**JIRA))
    assert plain == JiraQueue("https://acme.atlassian.net", "SEC")
    given = {
        "issue-type": "Bug",
        "close-transition": "End",
        "reopen-transition": "Start",
        "resolution": "Fixed",
    }
    whole = JiraQueue.of(settings(**JIRA, **given))
    assert whole == JiraQueue("https://acme.atlassian.net", "SEC", "Bug", "End", "Start", "Fixed")


def test_the_settings_of_servicenow() -> None:
    plain = ServiceNowQueue.of(settings(**SERVICENOW))
    assert plain == ServiceNowQueue("https://acme.service-now.com")
    given = {"table": "sn_si_incident", "close-code": "Solved"}
    whole = ServiceNowQueue.of(settings(**SERVICENOW, **given))
    states = STATES["sn_si_incident"]
    assert whole == ServiceNowQueue("https://acme.service-now.com", "sn_si_incident", "Solved", states)


def test_each_kind_has_its_product() -> None:
    http, store = HttpClient(), SecretStore(Secrets({}), "hubtriage/peer", SetClock())
    assert isinstance(product(settings(**JIRA), http, store).service, Jira)
    assert isinstance(product(settings(**SERVICENOW), http, store).service, ServiceNow)
    with pytest.raises(ValueError, match="no kind 'trello'"):
        product({"kind": "trello"}, http, store)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({**JIRA, "close-code": "Solved"}, id="a close code for jira"),
        pytest.param({**SERVICENOW, "resolution": "Done"}, id="a resolution for servicenow"),
        pytest.param({**SERVICENOW, "close-transition": "Done"}, id="a transition for servicenow"),
    ],
)
def test_a_key_of_the_other_product_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="leave it out"):
        settings(**given)
