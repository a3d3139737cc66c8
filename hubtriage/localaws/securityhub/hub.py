"""Security Hub in memory, for one account and Region: no clock, no I/O, the same each time.

Every operation takes the moment at which it happens. What the service does with a finding, and what it
refuses, follows the service's documentation; where that is silent a setting decides (`HubSettings`).
It is the delegated administrator's hub: findings of any account may be imported and updated. It may
gather the hubs of members, which see their own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from hubtriage.localaws.securityhub import membership
from hubtriage.localaws.securityhub.asff.requests import Finding
from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.automation import operations
from hubtriage.localaws.securityhub.automation.custom_actions import CustomActions
from hubtriage.localaws.securityhub.automation.rules import AutomationRules
from hubtriage.localaws.securityhub.calls import UPDATING, CallLog, count_findings
from hubtriage.localaws.securityhub.errors import HubError, invalid_input
from hubtriage.localaws.securityhub.events import ACTION_DETAIL_TYPE, choice_of
from hubtriage.localaws.securityhub.faults import FaultScript, ScriptedFault
from hubtriage.localaws.securityhub.quotas import Quotas
from hubtriage.localaws.securityhub.reading import queries
from hubtriage.localaws.securityhub.reading.history_pages import history_page
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.subscription import Subscription
from hubtriage.localaws.securityhub.v2 import crossing
from hubtriage.localaws.securityhub.v2.hub import FOUNDING, OPERATIONS_V2, HubV2
from hubtriage.localaws.securityhub.v2.words import account_of
from hubtriage.localaws.securityhub.v2.writing import Customer
from hubtriage.localaws.securityhub.writing import FindingWriter, HubCall

Request = Mapping[str, Any]
_FOUNDING = frozenset(
    {"EnableSecurityHub", "DescribeHub", "DisableSecurityHub", "ListOrganizationAdminAccounts"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers; `lost`: the caller never gets it; `delay`: seconds until it does."""

    body: dict[str, Any]
    delay: float = 0.0
    lost: bool = False


class AnswerLostError(Exception):
    """The call took effect, but its answer was lost on the way."""


class Hub:
    """Security Hub of one account and Region; `v2` is its Security Hub V2."""

    def __init__(
        self,
        account: str = "000000000000",
        region: str = "us-east-1",
        settings: HubSettings | None = None,
        *,
        enabled: bool = True,
    ) -> None:
        self.account, self.region = account, region
        self.faults = FaultScript()
        self._prefix = f"arn:aws:securityhub:{region}:{account}"
        self._caller = f"arn:aws:iam::{account}:root"
        self.configure(settings or HubSettings())
        self._subscription = Subscription(account, self._prefix, enabled=enabled)
        self.v2 = HubV2(account, region, enabled=enabled)
        self._gathered: dict[str, Hub] = {}
        self._owner: str | None = None
        self.reset()

    def reset(self) -> None:
        """Forget findings, rules, counts, faults and events under way; stay enabled or not."""
        self.call_log = CallLog()
        self.faults.clear()
        self._views = queries.Views()
        self._quotas = Quotas()
        self._rules = AutomationRules(self._prefix)
        self._actions = CustomActions(self._prefix)
        self._subscription.reset()
        if self._owner is None:
            seed = self.settings.seed
            self._writer = FindingWriter(self.account, self.region, seed, self.faults, self._rules)
            self.v2.reset(self.faults, self._writer.deliveries)
        for member in self._gathered.values():
            self.gather(member)

    def gather(self, member: "Hub") -> None:
        """Have the findings of a member's hub here too.

        AWS: they are the same findings. The administrator sees and updates those of its members, a member its
        own, and each has the events of what it sees on its bus. Faults and rules of a member do nothing here.
        """
        self._gathered[member.account] = member
        member._writer, member._owner = self._writer, member.account
        member.v2.share(self.v2)

    def configure(self, settings: HubSettings) -> None:
        """Use these settings from now on; what is stored, counted and under way stays."""
        self.settings = settings

    # What callers do

    def call(
        self,
        operation: str,
        request: Request,
        now: float,
        *,
        caller: str | None = None,
        trace: str | None = None,
    ) -> Answer:
        """Call any operation by its AWS name; raise HubError when the whole call is refused.

        `now` is epoch seconds, `caller` the ARN that history and automation rules name, `trace` what
        the call log groups update calls by.
        """
        call = HubCall(copied(request), now, caller or self._caller, trace, self.settings, self._owner)
        try:
            fault = self._admit(operation, now)
            body = OPERATIONS[operation](self, call)
            if self.settings.v2.crosses_over and operation in UPDATING:
                self._cross_over(operation, call, body)
        except HubError as error:
            refusal = error.in_v2() if operation in OPERATIONS_V2 else error
            self._note(operation, call, refusal.code, {})
            raise refusal from error.__cause__
        self._note(operation, call, "ok", body)
        return Answer(body, fault.delay if fault else 0.0, fault.lose_answer if fault else False)

    def batch_import_findings(self, findings: list[Finding], now: float) -> dict[str, Any]:
        """Call BatchImportFindings: {FailedCount, SuccessCount, FailedFindings}."""
        return self._answered("BatchImportFindings", {"Findings": findings}, now)

    def batch_update_findings(self, request: Request, now: float) -> dict[str, Any]:
        """Call BatchUpdateFindings: {ProcessedFindings, UnprocessedFindings}."""
        return self._answered("BatchUpdateFindings", request, now)

    def get_findings(self, request: Request, now: float) -> dict[str, Any]:
        """Call GetFindings: {Findings, NextToken}."""
        return self._answered("GetFindings", request, now)

    def _answered(self, operation: str, request: Request, now: float) -> dict[str, Any]:
        answer = self.call(operation, request, now)
        if answer.lost:
            raise AnswerLostError(operation)
        return answer.body

    # What tests see and do without calling

    def finding(self, product_arn: str, finding_id: str) -> Finding | None:
        """Return a copy of a finding as it is stored now."""
        record = self._writer.store.get((product_arn, finding_id))
        return copied(record.finding) if record else None

    def findings(self) -> list[Finding]:
        """Return copies of all findings, in order of arrival."""
        return [copied(record.finding) for record in self._writer.store.after(0)]

    def plant(self, finding: Finding, now: float) -> None:
        """Store a finding exactly as it is, however odd, and send its event.

        For findings of the past, which the service would not take or would fill in today.
        """
        self._writer.plant(copied(finding), now, self._caller, self.settings)

    def choose(self, action: str, keys: Iterable[Sequence[str]], now: float) -> None:
        """Choose a Custom Action (ARN) for findings (ProductArn, Id), as a person does in the console.

        Raises HubError if there is no such action, and LookupError if there is no such finding.
        """
        chosen = self._actions.get(action)
        for product_arn, finding_id in keys:
            finding = self.finding(product_arn, finding_id)
            if finding is None:
                raise LookupError(f"there is no finding {finding_id}")
            self._writer.deliveries.send(finding, now, self.settings.event_delay, 0.0, choice_of(chosen))

    def take_events(self, now: float, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the events that have arrived on the bus by `now`, at most `limit`, each handed out once."""
        if self._owner is not None:
            return []  # the administrator's hub hands out events of all
        due = self._writer.deliveries.due(now, limit)
        return [copy for event in due for copy in self._on_each_bus(copied(event))]

    def _on_each_bus(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield an event, and the same for its member's bus. AWS: with an id of its own."""
        yield event
        [finding] = event["detail"]["findings"]
        account = finding.get("AwsAccountId") or account_of(finding)
        if account in self._gathered and event["detail-type"] != ACTION_DETAIL_TYPE:
            yield copied(event) | {"id": str(uuid5(UUID(event["id"]), account)), "account": account}

    def delivered_events(self, start: int, limit: int) -> list[dict[str, Any]]:
        """Return events that have arrived on the bus, the `start`th and those after it, at most `limit`."""
        return self._writer.deliveries.delivered_since(start, limit)

    def events(self) -> dict[str, int]:
        """Return how many events have arrived on the bus, and how many are under way."""
        return {"delivered": self._writer.deliveries.delivered, "under_way": len(self._writer.deliveries)}

    @property
    def next_event_at(self) -> float | None:
        """When the next event arrives; None when none is under way."""
        return self._writer.deliveries.next_due

    @property
    def events_under_way(self) -> int:
        """How many events have not arrived yet."""
        return len(self._writer.deliveries)

    def updates_by_functions(self) -> dict[tuple[str, str], int]:
        """Return how often functions, who alone send a trace, have updated each finding."""
        return dict(self._writer.traced)

    def status(self) -> dict[str, Any]:
        """Return, JSON-ready, the call log and how many findings, events and waiting faults there are."""
        return {
            **self.call_log.as_record(),
            "stored": len(self._writer.store),
            "events": self.events(),
            "faults": len(self.faults),
            "v2": self.v2.status(),
        }

    # The way in

    def _admit(self, operation: str, now: float) -> ScriptedFault | None:
        """Let a call in, or raise; the fault that its answer meets."""
        if operation not in OPERATIONS:
            raise invalid_input(f"the local Security Hub has no operation {operation}")
        fault = self.faults.of_call(operation)
        if fault and fault.error:
            raise HubError(fault.error, f"{fault.error} (scripted)")
        if self.settings.quotas and not self._quotas.take(operation, now, self.settings.v2.quotas):
            raise HubError("TooManyRequestsException", "Too Many Requests")
        if operation not in _FOUNDING | FOUNDING:
            (self.v2 if operation in OPERATIONS_V2 else self._subscription).require()
        return fault

    def _note(self, operation: str, call: HubCall, outcome: str, body: Mapping[str, Any]) -> None:
        self.call_log.note(operation, outcome, count_findings(operation, call.request, body))
        if operation in UPDATING:
            self.call_log.note_update(operation, call.request, body, call.now, outcome, call.trace)

    def _answer_v2(self, operation: str, call: HubCall) -> dict[str, Any]:
        customer = Customer(call.now, call.settings, call.trace, call.owner)
        return self.v2.answer(operation, call.request, customer)

    def _cross_over(self, operation: str, call: HubCall, body: Mapping[str, Any]) -> None:
        """Set in the other hub what an update has set in one. It counts as no call, and meets no fault."""
        if operation in OPERATIONS_V2:
            found = self.v2.updated(body)
        else:
            keys = ((each["ProductArn"], each["Id"]) for each in body["ProcessedFindings"])
            found = [finding for key in keys if (finding := self.finding(*key))]
        other, request = crossing.counterpart(operation, call.request, found)
        if request:
            with self.faults.set_aside():
                OPERATIONS[other](self, replace(call, request=request, trace=None))

    # The hub itself

    def _enable(self, call: HubCall) -> dict[str, Any]:
        return self._subscription.enable(call.now)

    def _describe(self, _call: HubCall) -> dict[str, Any]:
        return self._subscription.described()

    def _configure_hub(self, call: HubCall) -> dict[str, Any]:
        return self._subscription.configure(call.request)

    def _disable(self, _call: HubCall) -> dict[str, Any]:
        return self._subscription.disable()

    # Where it stands among accounts and Regions

    def _get_administrator(self, _call: HubCall) -> dict[str, Any]:
        return membership.administrator(self.settings, self.account)

    def _list_members(self, call: HubCall) -> dict[str, Any]:
        return membership.members(self.settings, self.account, call.request)

    def _list_admin_accounts(self, call: HubCall) -> dict[str, Any]:
        return membership.admin_accounts(self.settings, call.request)

    def _list_aggregators(self, _call: HubCall) -> dict[str, Any]:
        return membership.aggregators(self.settings, self.account)

    def _get_aggregator(self, call: HubCall) -> dict[str, Any]:
        return membership.aggregator(self.settings, self.account, call.request)

    # Providers and customers

    def _import(self, call: HubCall) -> dict[str, Any]:
        return self._writer.import_findings(call)

    def _update(self, call: HubCall) -> dict[str, Any]:
        return self._writer.update_findings(call)

    # Readers

    def _get_findings(self, call: HubCall) -> dict[str, Any]:
        delay = self.settings.visible_after
        return queries.find(self._writer.store, self._views, call.request, call.now, delay, self._owner)

    def _get_history(self, call: HubCall) -> dict[str, Any]:
        return history_page(self._writer.store, self.settings, call.request, call.now)

    # Custom Actions

    def _create_action(self, call: HubCall) -> dict[str, Any]:
        return self._actions.create(call.request)

    def _update_action(self, call: HubCall) -> dict[str, Any]:
        return self._actions.update(call.request)

    def _delete_action(self, call: HubCall) -> dict[str, Any]:
        return self._actions.delete(call.request)

    def _describe_actions(self, _call: HubCall) -> dict[str, Any]:
        return self._actions.described()

    # Automation rules

    def _create_rule(self, call: HubCall) -> dict[str, Any]:
        return {"RuleArn": self._rules.create(call.request, call.caller, call.now)}

    def _list_rules(self, call: HubCall) -> dict[str, Any]:
        return operations.list_rules(self._rules, call.request)

    def _get_rules(self, call: HubCall) -> dict[str, Any]:
        return operations.get_rules(self._rules, call.request)

    def _update_rules(self, call: HubCall) -> dict[str, Any]:
        return operations.update_rules(self._rules, call.request, call.now)

    def _delete_rules(self, call: HubCall) -> dict[str, Any]:
        return operations.delete_rules(self._rules, call.request)


def _of_v2(operation: str) -> Callable[[Hub, HubCall], dict[str, Any]]:
    return lambda hub, call: hub._answer_v2(operation, call)


OPERATIONS: Mapping[str, Callable[[Hub, HubCall], dict[str, Any]]] = {
    "EnableSecurityHub": Hub._enable,
    "DescribeHub": Hub._describe,
    "UpdateSecurityHubConfiguration": Hub._configure_hub,
    "DisableSecurityHub": Hub._disable,
    "GetAdministratorAccount": Hub._get_administrator,
    "ListMembers": Hub._list_members,
    "ListOrganizationAdminAccounts": Hub._list_admin_accounts,
    "ListFindingAggregators": Hub._list_aggregators,
    "GetFindingAggregator": Hub._get_aggregator,
    "BatchImportFindings": Hub._import,
    "BatchUpdateFindings": Hub._update,
    "GetFindings": Hub._get_findings,
    "GetFindingHistory": Hub._get_history,
    "CreateActionTarget": Hub._create_action,
    "UpdateActionTarget": Hub._update_action,
    "DeleteActionTarget": Hub._delete_action,
    "DescribeActionTargets": Hub._describe_actions,
    "CreateAutomationRule": Hub._create_rule,
    "ListAutomationRules": Hub._list_rules,
    "BatchGetAutomationRules": Hub._get_rules,
    "BatchUpdateAutomationRules": Hub._update_rules,
    "BatchDeleteAutomationRules": Hub._delete_rules,
    **{operation: _of_v2(operation) for operation in OPERATIONS_V2},
}
"""The operations by AWS name."""
