"""Security Hub V2 behind the operations of Security Hub: its findings as views, named by their keys.

AWS: an update there names findings by `metadata.uid` and has three values. boto3 checks next to nothing of
it, so it is checked here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ParamValidationError

from hubtriage.aws.securityhub.answers import UNPARSED, parsed_alone
from hubtriage.aws.securityhub.api import Finding, WholeApi, identifier
from hubtriage.engine.fields import OCSF
from hubtriage.engine.ocsf.view import HUB_V2, asff_view, is_view, key_of

MOST_UIDS = 100  # AWS: findings of one call
LONGEST_COMMENT = 512  # AWS: characters
HUB = "Hub"
"""Member of a request for findings: HUB_V2 if its filters are those of Security Hub V2."""
_STATUS_IDS = frozenset({0, 1, 2, 3, 4, 5, 99})
_SEVERITY_IDS = frozenset({0, 1, 2, 3, 4, 5, 6, 99})
_PROCESSED, _UNPROCESSED = "ProcessedFindings", "UnprocessedFindings"


class V2Finding(dict[str, Any]):
    """The view of a finding, and the finding itself as Security Hub V2 has it, in `ocsf`."""

    __slots__ = ("ocsf",)

    def __init__(self, ocsf: Finding) -> None:
        super().__init__(asff_view(ocsf))
        self.ocsf = ocsf


class BothHubs:
    """A client that takes keys of both hubs; `api` is boto3's, or answers and fails as that."""

    def __init__(self, api: WholeApi) -> None:
        self.api = api

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to up to 100 findings of one hub.

        For those of V2 the values are BatchUpdateFindingsV2's. Raises ParamValidationError for what AWS would
        not take there, before anything is sent.
        """
        named = request["FindingIdentifiers"]
        uids = [each["Id"] for each in named if each["ProductArn"] == HUB_V2]
        if not uids:
            return self.api.batch_update_findings(**request)
        values = {name: value for name, value in request.items() if name != "FindingIdentifiers"}
        if len(uids) < len(named):
            raise ParamValidationError(report="a call has findings of one hub")
        if flaw := flaw_of(uids, values):
            raise ParamValidationError(report=flaw)
        return _by_key(self.api.batch_update_findings_v2(MetadataUids=uids, **values), uids)

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings of the hub that the request is for; those of V2 are views (`V2Finding`)."""
        if request.get(HUB) != HUB_V2:
            answer = self.api.get_findings(**request)
            if not _has_views(answer):
                return answer
            return {**answer, "Findings": [as_asff(each) for each in answer["Findings"]]}
        del request[HUB]
        answer = self.api.get_findings_v2(**request)
        if UNPARSED in answer and request.get("MaxResults") == 1:
            answer = parsed_alone(answer)
        findings = answer.get("Findings")
        if not isinstance(findings, list):
            return answer
        return {**answer, "Findings": [V2Finding(each) for each in findings if isinstance(each, Mapping)]}

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        """Read who changed one finding. AWS: Security Hub V2 has no such operation."""
        return self.api.get_finding_history(**request)


def as_asff(finding: Any) -> Any:
    """Return a finding of the other hub, or what stands in its place, without what makes it a view.

    Anyone may write any member of a finding, and none of them may name a finding of V2.
    """
    if not isinstance(finding, dict) or OCSF not in finding:
        return finding
    return {name: value for name, value in finding.items() if name != OCSF}


def _has_views(answer: Mapping[str, Any]) -> bool:
    findings = answer.get("Findings")
    return isinstance(findings, list) and any(isinstance(each, dict) and OCSF in each for each in findings)


def asking_for(uids: Sequence[str]) -> dict[str, Any]:
    """Return the request for findings of V2 by `metadata.uid`. AWS: at most 20 of them in one filter."""
    named = [{"FieldName": "metadata.uid", "Filter": {"Value": uid, "Comparison": "EQUALS"}} for uid in uids]
    return {HUB: HUB_V2, "Filters": {"CompositeFilters": [{"StringFilters": named, "Operator": "OR"}]}}


def product_in_v2(arn: str) -> str:
    """Return the ARN of a product of the other hub as V2 has it."""
    return arn.replace("::product/", "::productv2/", 1)


def is_nameless(finding: Finding) -> bool:
    """Say whether a finding is one of V2 without the name by which it could be updated."""
    return is_view(finding) and key_of(finding) is None


def as_sent(finding: Finding) -> Finding:
    """Return a finding as its hub has it: one of V2 in OCSF."""
    return finding.ocsf if isinstance(finding, V2Finding) else finding


def flaw_of(uids: Sequence[str], values: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an update; None if AWS takes it, as far as its documentation says."""
    if not 1 <= len(uids) <= MOST_UIDS:
        return f"a call has 1 to {MOST_UIDS} findings, not {len(uids)}"
    if len(set(uids)) < len(uids):
        return "a call names no finding twice"
    if not values:
        return "an update sets something"
    return next(_flaws(values), None)


def _flaws(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        is_right = _VALUES.get(name)
        if is_right is None:
            yield f"Security Hub V2 cannot set {name}"
        elif not is_right(value):
            yield f"{name} cannot be {value!r}"


def _one_of(numbers: Collection[int]) -> Callable[[object], bool]:
    """Return a test of a number. In Python, True is one too."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value in numbers


def _is_comment(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST_COMMENT


_VALUES: Mapping[str, Callable[[object], bool]] = {
    "StatusId": _one_of(_STATUS_IDS),
    "SeverityId": _one_of(_SEVERITY_IDS),
    "Comment": _is_comment,
}


def _by_key(answer: Mapping[str, Any], uids: Sequence[str]) -> dict[str, Any]:
    """Return an answer with keys in place of V2's names; what it lacks stays absent."""
    members = dict(answer)
    for name in (_PROCESSED, _UNPROCESSED):
        items = answer.get(name)
        if isinstance(items, list):
            others = answer.get(_UNPROCESSED if name == _PROCESSED else _PROCESSED)
            members[name] = list(_named(items, uids, is_alone=not others))
    return members


def _named(items: Sequence[Any], uids: Sequence[str], *, is_alone: bool) -> Iterator[dict[str, Any]]:
    """Yield items of an answer with the keys of their findings; leave out what names none.

    AWS does not say which of its two names a finding is answered by, nor in which order. An answer that names
    none of them by `metadata.uid`, but has as many as were asked for, and the list `is_alone`, is about all
    of them. Which of them has which error is not known, unless all have the same.
    """
    found = [each for each in items if isinstance(each, Mapping)]
    is_whole = is_alone and len(found) == len(uids) and not any("MetadataUid" in each for each in found)
    if is_whole and len({str(each.get("ErrorCode")) for each in found}) == 1:
        found = [{**each, "MetadataUid": uid} for each, uid in zip(found, uids, strict=True)]
    for each in found:
        uid = each.get("MetadataUid")
        if isinstance(uid, str):
            named = identifier((HUB_V2, uid))
            yield {**each, **named, "FindingIdentifier": named}
