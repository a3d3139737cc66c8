"""The ticket services that there are, by the kind of a queue, and what the desk has to know of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.deliveries.http import HttpClient
from hubtriage.aws.deliveries.secrets import SecretStore
from hubtriage.aws.deliveries.tickets.products.jira import Jira, JiraQueue
from hubtriage.aws.deliveries.tickets.products.servicenow import ServiceNow, ServiceNowQueue
from hubtriage.aws.deliveries.tickets.service import Refusal, TicketService


@dataclass(frozen=True, slots=True)
class TicketProduct:
    """A service.

    search_lag: seconds after a request until `find` surely finds what it created. check: returns what keeps
    tickets from being opened, found without opening one.
    """

    service: TicketService
    search_lag: float
    check: Callable[[], tuple[str, ...] | Refusal]


def product(queue: Mapping[str, Any], http: HttpClient, store: SecretStore) -> TicketProduct:
    """Return the service of a queue from its settings as JSON; raise ValueError for an unknown kind.

    Jira's index lags by minutes. ServiceNow reads its database, but may work on a request for a minute after
    it has not answered.
    """
    kind = queue.get("kind")
    if kind == "jira":
        jira = Jira(JiraQueue.of(queue), http, store)
        return TicketProduct(jira, search_lag=900.0, check=jira.check)
    if kind == "servicenow":
        servicenow = ServiceNow(ServiceNowQueue.of(queue), http, store)
        return TicketProduct(servicenow, search_lag=180.0, check=servicenow.check)
    raise ValueError(f"a queue has no kind {kind!r}: there are jira and servicenow")
