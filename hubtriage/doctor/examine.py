"""List all checks in the order in which they are made, and make them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.account import administrator, aggregation, bootstrap, caller, hub, hub_v2, quotas
from hubtriage.doctor.checks.ledger import entries, hidden, never, table, throttling
from hubtriage.doctor.checks.rules import deployed_rules, native_rules, native_rules_v2
from hubtriage.doctor.checks.runtime import (
    alarms,
    bus,
    deliveries,
    function,
    intake,
    mode,
    notices,
    queues,
    stack,
    sweeps,
)
from hubtriage.doctor.refusal import REFUSALS, refused
from hubtriage.doctor.verdict import CheckResult, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """One check; `look` returns None if there is nothing to check, such as alarms without a stack.

    With a `hub` it is made only where findings of that hub are triaged.
    """

    name: str
    title: str
    look: Callable[[Account], Verdict | None]
    hub: str | None = None


CHECKS: tuple[Check, ...] = (
    Check("hub", "Security Hub", hub.look),
    Check("hub-v2", "Security Hub V2", hub_v2.look),
    Check("administrator", "Administrator", administrator.look, CSPM),
    Check("aggregation", "Aggregation", aggregation.look, CSPM),
    Check("rules", "Rules", deployed_rules.look),
    Check("automation-rules", "Automation rules", native_rules.look, CSPM),
    Check("automation-rules-v2", "Automation rules of V2", native_rules_v2.look, V2),
    Check("quotas", "Quotas", quotas.look),
    Check("caller", "Your permissions", caller.look),
    Check("bootstrap", "CDK bootstrap", bootstrap.look),
    Check("stack", "Stack", stack.look),
    Check("function", "Function", function.look),
    Check("ledger", "Ledger", table.look),
    Check("ledger-throttling", "Ledger throttling", throttling.look),
    Check("ledger-entries", "Ledger entries", entries.look),
    Check("never", "Fields never set", never.look),
    Check("hidden", "Hidden findings", hidden.look),
    Check("intake", "Intake", intake.look),
    Check("queues", "Queues", queues.look),
    Check("mode", "Mode", mode.look),
    Check("alarms", "Alarms", alarms.look),
    Check("notices", "Notices", notices.look),
    Check("events", "Decision events", bus.look),
    Check("deliveries", "Channels and tickets", deliveries.look),
    Check("sweep", "Sweep", sweeps.look),
)


def examine(account: Account, checks: Iterable[Check] = CHECKS) -> Iterator[CheckResult]:
    """Make the checks in order; one that cannot be made does not stop the others."""
    for check in checks:
        verdict = _verdict(check, account)
        if verdict is not None:
            yield CheckResult(check.name, check.title, verdict)


def _verdict(check: Check, account: Account) -> Verdict | None:
    try:
        if check.hub is not None and check.hub not in account.hubs:
            return None
        return check.look(account)
    except REFUSALS as error:
        return refused(error)
