"""Whatever is in a finding of V2: the local AWS keeps it, and answers as for any other."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.v2.members import MEMBERS
from tests.support.examples import examples
from tests.support.hub_v2_world import NOW, finding_info, ocsf, uid

_SCALARS = st.none() | st.booleans() | st.integers(-2, 100) | st.floats(0, 10) | st.text(max_size=3)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["uid", "name", "value", "status_id"]), inner)
    ),
    max_leaves=6,
)
_MEMBERS = """
    class_uid activity_id severity_id status_id compliance cloud finding_info resources vendor_attributes
    comment notes time vulnerabilities
"""
_ODD = st.dictionaries(st.sampled_from(_MEMBERS.split()), _VALUES)


def _filters() -> list[dict[str, Any]]:
    """One filter of each kind for each of its members."""
    wanted: dict[str, dict[str, Any]] = {
        "String": {"Value": "x", "Comparison": "CONTAINS_WORD"},
        "Number": {"Gte": 1},
        "Date": {"DateRange": {"Value": 1, "Unit": "DAYS"}},
        "Boolean": {"Value": True},
        "Map": {"Key": "k", "Value": "v", "Comparison": "EQUALS"},
        "Ip": {"Cidr": "198.51.100.7"},
    }
    return [
        {f"{kind}Filters": [{"FieldName": member, "Filter": wanted[kind]}]}
        for kind, members in MEMBERS.items()
        for member in sorted(members)
    ]


_FILTERS = _filters()


@examples(150)
@given(_ODD, st.booleans(), st.sampled_from(["comment", "notes", "both"]))
def test_an_odd_finding_is_kept_read_and_updated(odd: dict[str, Any], planted: bool, comment_in: str) -> None:
    settings = HubSettings.still().changed({"v2": {"comment_in": comment_in, "crosses_over": True}})
    hub = Hub(settings=settings)
    finding = {**ocsf(), **odd}
    if planted:
        hub.v2.plant(finding, NOW, settings)
        assert hub.v2.findings() == [finding]
    else:
        hub.v2.provide(finding, NOW, settings)
    hub.call("BatchUpdateFindingsV2", {"MetadataUids": [uid(1)], "StatusId": 2, "Comment": "c"}, NOW + 1)
    hub.v2.provide({**finding, "finding_info": finding_info(at=NOW + 9)}, NOW + 9, settings)
    for filter_ in _FILTERS:
        hub.call("GetFindingsV2", {"Filters": {"CompositeFilters": [filter_]}}, NOW + 9)
    order = [{"Field": name} for name in ("severity_id", "status", "time", "finding_info.title")]
    [read] = hub.call("GetFindingsV2", {"SortCriteria": order}, NOW + 9).body["Findings"]
    assert read["metadata"]["uid"] == uid(1)
    assert hub.status()["v2"]["stored"] == 1
    assert len(hub.take_events(NOW + 9)) == 3


def test_findings_without_a_uid_are_kept_apart() -> None:
    settings = HubSettings.still()
    hub = Hub(settings=settings)
    for metadata in (None, {}, {"uid": 7}, "text"):
        hub.v2.plant({"metadata": metadata}, NOW, settings)
    assert len(hub.v2.findings()) == 4
    assert [event["resources"] for event in hub.take_events(NOW)] == [[""]] * 4
