"""What the functions of channels and queues count: their metrics, which the alarms of the stack watch.

All have the dimension `service`, the name of the stack. A second document has them by channel or queue too.
"""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

DELIVERED = "DeliveriesDone"
"""Events whose channel or queue has taken them: told, or kept in the table of tickets."""
FAILED = "DeliveriesFailed"
"""Requests to a service outside AWS that failed, or whose outcome is not known. They are tried again."""
REFUSED = "DeliveryCredentialsRefused"
"""Requests that the service refused for their credentials (401, 403), or without a readable secret."""
WITHHELD = "DeliveriesWithheld"
"""Messages and new tickets that the daily limit held back."""
UNREADABLE = "DeliveriesUnreadable"
"""Messages of the queue that hold no event."""
TICKETS_OPENED = "TicketsOpened"
TICKETS_REOPENED = "TicketsReopened"
TICKETS_CLOSED = "TicketsClosed"
TICKETS_FAILED = "TicketsFailed"
"""Tickets that cannot be made as they should be, for a reason that another try does not remove."""
TICKETS_DUE = "TicketsDue"
"""Tickets that are not yet as they should be, when the schedule looks."""

DELIVERY_METRICS = (
    DELIVERED,
    FAILED,
    REFUSED,
    WITHHELD,
    UNREADABLE,
    TICKETS_OPENED,
    TICKETS_REOPENED,
    TICKETS_CLOSED,
    TICKETS_FAILED,
    TICKETS_DUE,
)


def emit_deliveries(counts: Mapping[str, int], to: str, namespace: str, service: str) -> None:
    """Write the counts of one invocation to standard output; `to` is the name of the channel or queue.

    What is zero is left out.
    """
    some = {name: count for name, count in counts.items() if count}
    if not some:
        return
    for dimensions in ({}, {"to": to}):
        metrics = EphemeralMetrics(namespace=namespace, service=service)
        for name, value in dimensions.items():
            metrics.add_dimension(name, value)
        for name, count in some.items():
            metrics.add_metric(name, MetricUnit.Count, count)
        metrics.flush_metrics()
