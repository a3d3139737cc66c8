"""Findings of Security Hub V2 for the laws, and how V2 may behave where AWS does not say."""

from typing import Any

from hypothesis import strategies as st

from tests.laws.findings import ACCOUNTS
from tests.support.two_hubs import PRODUCTS, Signal, ocsf

Finding = dict[str, Any]

UNSURE = st.fixed_dictionaries(
    {},
    optional={
        "pins_severity": st.just(False),
        "vendor_follows": st.just(False),
        "resets": st.sampled_from([(), (2,), (2, 3, 4, 5)]),
        "resets_when_back": st.just(False),
        "resolves_on_pass": st.just(False),
        "comment_in": st.sampled_from(["notes", "both"]),
        "update_activity": st.just("update"),
        "events_when_unchanged": st.just(False),
        "duplicates": st.sampled_from(["processed", "call"]),
        "answers": st.just("both"),
        "value_errors": st.just("finding"),
    },
)
"""Settings of the local V2, for what AWS leaves open. The others are as HubV2Settings have them."""
SEVERITIES = st.sampled_from([1, 2, 3, 4, 5, 6, 6, 0, 99])
COMPLIANCE = st.sampled_from([1, 2, 3, 3, 99])
ACTIVITIES = st.sampled_from([2, 2, 2, 3])
UPDATES = st.sampled_from(
    [
        *({"StatusId": number} for number in (0, 1, 1, 2, 3, 4, 5, 99)),
        *({"SeverityId": number} for number in (0, 2, 4, 6)),
        {"Comment": "Mine."},
        {"Comment": "SEC-1"},
        {"Comment": "hubtriage: accept no longer applies."},
        {"Comment": "hubtriage: hide no longer applies."},
        {"Comment": "Accepted."},
        {"StatusId": 1, "Comment": "Remediated by a tool."},
    ]
)
"""What people and other tools set. Some of it is what triage itself writes."""
_PRODUCTS = st.sampled_from(PRODUCTS)
_ODD_STATUSES = st.sampled_from([0, 1, 2, 3, 4, 5, 99])
_TRUTHS = st.booleans()
_COMMENTS = st.sampled_from([None, "Mine.", "SEC-1"])


@st.composite
def beginnings(draw: st.DrawFn, number: int) -> tuple[Finding, Finding | None]:
    """A finding as its provider sends it, and perhaps as it is stored already: of the same account."""
    finding = ocsf(Signal(product=draw(_PRODUCTS), number=number, account=draw(ACCOUNTS)))
    finding |= {"severity_id": draw(SEVERITIES), "activity_id": draw(ACTIVITIES)}
    del finding["vendor_attributes"], finding["status_id"]
    if draw(_TRUTHS):
        return finding, None
    comment, vendor = draw(_COMMENTS), {"vendor_attributes": {"severity_id": draw(SEVERITIES)}}
    return finding, {
        **finding,
        "status_id": draw(_ODD_STATUSES),
        **(vendor if draw(_TRUTHS) or draw(_TRUTHS) else {}),
        **({"comment": comment} if comment else {}),
    }
