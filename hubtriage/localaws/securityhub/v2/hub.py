"""Security Hub V2 of one account and Region: its operations, and what tests see and do without calling."""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.events import Deliveries
from hubtriage.localaws.securityhub.faults import FaultScript
from hubtriage.localaws.securityhub.reading import paging
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.v2 import queries, words
from hubtriage.localaws.securityhub.v2.rules import AutomationRulesV2
from hubtriage.localaws.securityhub.v2.words import Finding
from hubtriage.localaws.securityhub.v2.writing import Customer, FindingWriterV2

Request = Mapping[str, Any]
FOUNDING = frozenset({"EnableSecurityHubV2", "DescribeSecurityHubV2", "DisableSecurityHubV2"})
_PRODUCTS = (
    ("Amazon GuardDuty", "AWS", ("SEND_FINDINGS_TO_SECURITY_HUB",)),
    ("Amazon Inspector", "AWS", ("SEND_FINDINGS_TO_SECURITY_HUB",)),
    ("Amazon Macie", "AWS", ("SEND_FINDINGS_TO_SECURITY_HUB",)),
    ("AWS Security Hub CSPM", "AWS", ("SEND_FINDINGS_TO_SECURITY_HUB",)),
    ("Jira Cloud", "Atlassian", ("RECEIVE_FINDINGS_FROM_SECURITY_HUB",)),
)


def hub_v2_arn(account: str, region: str) -> str:
    """Return the ARN of the hub. AWS: it ends with an id; here that follows from account and Region."""
    hub_id = uuid.uuid5(uuid.NAMESPACE_URL, f"hubv2/{account}/{region}")
    return f"arn:aws:securityhub:{region}:{account}:hubv2/{hub_id}"


class HubV2:
    """Security Hub V2, on or off. Its findings are OCSF, and those of CSPM are none of its business."""

    def __init__(self, account: str, region: str, *, enabled: bool) -> None:
        self._account = account
        self._arn = hub_v2_arn(account, region)
        self._prefix = f"arn:aws:securityhub:{region}:{account}"
        self._since: float | None = 0.0 if enabled else None

    def reset(self, faults: FaultScript, deliveries: Deliveries) -> None:
        """Forget findings and rules; stay on or off."""
        self._rules = AutomationRulesV2(self._prefix)
        self._writer = FindingWriterV2(faults, self._rules, deliveries)

    def share(self, administrator: "HubV2") -> None:
        """Have the same findings as the administrator's hub. AWS: a member sees its own of them."""
        self._writer = administrator._writer

    def require(self) -> None:
        """Raise HubError where it is off. AWS does not say which error that is."""
        if self._since is None:
            message = f"Account {self._account} is not subscribed to AWS Security Hub V2"
            raise HubError("AccessDeniedException", message)

    def answer(self, operation: str, request: Request, customer: Customer) -> dict[str, Any]:
        """Answer an operation of `OPERATIONS_V2`; raise HubError when the whole call is refused."""
        return OPERATIONS_V2[operation](self, request, customer)

    # What tests see and do without calling

    def finding(self, uid: str) -> Finding | None:
        """Return a copy of a finding, by `metadata.uid`, as it is stored now."""
        record = self._writer.store.get(uid)
        return copied(record.finding) if record else None

    def findings(self) -> list[Finding]:
        """Return copies of all findings, in order of arrival."""
        return [copied(record.finding) for record in self._writer.store.after(0)]

    def updated(self, answer: Request) -> list[Finding]:
        """Return copies of the findings that an answer of BatchUpdateFindingsV2 says were updated."""
        return [copied(record.finding) for record in self._writer.records_of(answer)]

    def provide(self, finding: Request, now: float, settings: HubSettings) -> Finding:
        """Have a provider send a finding, or send it again; see `FindingWriterV2.provide`."""
        return self._writer.provide(finding, now, settings)

    def advance(self, uid: str, changes: Request, now: float, settings: HubSettings) -> Finding:
        """Have the provider of a finding send it again with changes; see `FindingWriterV2.advance`."""
        return self._writer.advance(uid, changes, now, settings)

    def plant(self, finding: Request, now: float, settings: HubSettings) -> None:
        """Store a finding exactly as it is, however odd, and send its event."""
        self._writer.plant(finding, now, settings)

    def updates_by_functions(self) -> dict[str, int]:
        """Return how often functions, who alone send a trace, have updated each finding."""
        return dict(self._writer.traced)

    def status(self) -> dict[str, Any]:
        """Return, JSON-ready, how many findings there are, by status, and how many of them are hidden.

        Hidden: suppressed, archived, or resolved although the finding does not pass.
        """
        findings = [record.finding for record in self._writer.store.after(0)]
        by_status = Counter(str(finding.get("status")) for finding in findings)
        return {
            "stored": len(findings),
            "by_status": dict(sorted(by_status.items())),
            "hidden": sum(map(_is_hidden, findings)),
        }

    # The hub itself

    def _enable(self, _request: Request, customer: Customer) -> dict[str, Any]:
        """AWS: it has no error for a hub that is on already."""
        self._since = customer.now if self._since is None else self._since
        return {"HubV2Arn": self._arn}

    def _describe(self, _request: Request, _customer: Customer) -> dict[str, Any]:
        if self._since is None:
            raise HubError("ResourceNotFoundException", "Security Hub V2 is not enabled in this account")
        return {"HubV2Arn": self._arn, "SubscribedAt": write_timestamp(self._since), "Features": {}}

    def _disable(self, _request: Request, _customer: Customer) -> dict[str, Any]:
        self._since = None
        return {}

    def _describe_products(self, request: Request, _customer: Customer) -> dict[str, Any]:
        size, start = paging.page_size(request), paging.position(request)
        products = [
            {"ProductV2Name": name, "CompanyName": company, "IntegrationV2Types": list(types)}
            for name, company, types in _PRODUCTS[start : start + size]
        ]
        more = len(_PRODUCTS) > start + size
        return {
            "ProductsV2": products,
            **({"NextToken": paging.next_token(start + size, request)} if more else {}),
        }

    # Findings

    def _update(self, request: Request, customer: Customer) -> dict[str, Any]:
        return self._writer.update_findings(request, customer)

    def _get_findings(self, request: Request, customer: Customer) -> dict[str, Any]:
        is_administrator = customer.settings.administrator_v2 in (None, self._account)
        if request.get("Scopes") and not is_administrator:
            raise HubError("AccessDeniedException", "Scopes is for the delegated administrator")
        store = self._writer.store
        return queries.find(store, request, customer.now, customer.settings, customer.owner)

    # Automation rules

    def _create_rule(self, request: Request, customer: Customer) -> dict[str, Any]:
        return self._rules.create(request, customer.now)

    def _get_rule(self, request: Request, _customer: Customer) -> dict[str, Any]:
        return self._rules.get(request)

    def _list_rules(self, request: Request, _customer: Customer) -> dict[str, Any]:
        return self._rules.listed(request)

    def _update_rule(self, request: Request, customer: Customer) -> dict[str, Any]:
        return self._rules.update(request, customer.now)

    def _delete_rule(self, request: Request, _customer: Customer) -> dict[str, Any]:
        return self._rules.delete(request)


OPERATIONS_V2: Mapping[str, Callable[[HubV2, Request, Customer], dict[str, Any]]] = {
    "EnableSecurityHubV2": HubV2._enable,
    "DescribeSecurityHubV2": HubV2._describe,
    "DisableSecurityHubV2": HubV2._disable,
    "DescribeProductsV2": HubV2._describe_products,
    "BatchUpdateFindingsV2": HubV2._update,
    "GetFindingsV2": HubV2._get_findings,
    "CreateAutomationRuleV2": HubV2._create_rule,
    "GetAutomationRuleV2": HubV2._get_rule,
    "ListAutomationRulesV2": HubV2._list_rules,
    "UpdateAutomationRuleV2": HubV2._update_rule,
    "DeleteAutomationRuleV2": HubV2._delete_rule,
}
"""The operations by AWS name."""


def _is_hidden(finding: Finding) -> bool:
    status = finding.get("status_id")
    passes = words.part(finding, "compliance").get("status_id") == words.PASS
    return status in (words.SUPPRESSED, words.ARCHIVED) or (status == words.RESOLVED and not passes)
