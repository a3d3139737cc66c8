"""Tickets: from a queue of decisions, and by the clock, to Jira or ServiceNow."""
