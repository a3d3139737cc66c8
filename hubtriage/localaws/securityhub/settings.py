"""How a hub behaves where AWS leaves it open, or where a test wants it still."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

from hubtriage.localaws.securityhub.asff.fields import UserFields

_STATUSES = frozenset((0, 1, 2, 3, 4, 5, 6, 99))
RegionLinking = Literal["ALL_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS", "NO_REGIONS"]
"""AWS: RegionLinkingMode of a finding aggregator."""


@dataclass(frozen=True, slots=True)
class HubV2Settings:
    """How Security Hub V2 behaves where AWS does not say. Times are seconds; a status is its number in OCSF.

    pins_severity: whether a severity that a customer set stays when the provider sends the finding again.
    vendor_follows: whether `vendor_attributes` holds what the provider says now, or what it said first.
    automation_pins: whether a severity that an automation rule set stays, also when the rule is gone.
    resets: statuses that fall back to New when what passed fails again (as in CSPM: In Progress, Resolved).
    resets_when_back: whether they do too when the provider sends again what it had closed (as in CSPM).
    resolves_on_pass: whether the service resolves findings of controls that pass.
    comment_in: whether a comment is in `comment`, in `notes` (OCSF 1.9), or in both.
    update_activity: whether an update by a customer leaves the provider's activity, or makes it Update.
    events_when_unchanged: whether an update that changes nothing makes an event.
    duplicates: what happens to a finding that a call names twice: it is left unprocessed, updated as if it
        were named once, or the call is refused.
    answers: by which of its two names an updated finding is answered: the one that was asked, or both.
    value_errors: whether a value that AWS does not allow fails the call or its findings.
    same_field: whether filters on one field follow the operator of their composite filter, or are or-ed as
        CSPM's are.
    quotas: whether updates and reads share the buckets of CSPM, have buckets of their own of that size, or
        such as all other operations have. Only if quotas hold at all.
    crosses_over: whether what a customer sets in one hub is set in the other too, if both have the finding.
    retention: how long a finding is there after its provider closed it; None: always.
    administrator: the account that administers V2, if it is not that of CSPM.
    """

    pins_severity: bool = True
    vendor_follows: bool = True
    automation_pins: bool = False
    resets: tuple[int, ...] = (2, 4)
    resets_when_back: bool = True
    resolves_on_pass: bool = True
    comment_in: Literal["comment", "notes", "both"] = "comment"
    update_activity: Literal["kept", "update"] = "kept"
    events_when_unchanged: bool = True
    duplicates: Literal["unprocessed", "processed", "call"] = "unprocessed"
    answers: Literal["asked", "both"] = "asked"
    value_errors: Literal["call", "finding"] = "call"
    same_field: Literal["operator", "or"] = "operator"
    quotas: Literal["shared", "own", "other"] = "shared"
    crosses_over: bool = False
    retention: float | None = None
    administrator: str | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "HubV2Settings":
        """Return settings from JSON; raise TypeError or ValueError for what is not a setting."""
        settings = dict(values)
        if "resets" in settings:
            settings["resets"] = tuple(settings["resets"])
        return cls(**settings)

    def __post_init__(self) -> None:
        for each in fields(self):
            words = get_args(each.type)
            if words and isinstance(words[0], str) and getattr(self, each.name) not in words:
                raise ValueError(f"v2.{each.name} is one of {words}, not {getattr(self, each.name)!r}")
        strangers = set(self.resets) - _STATUSES
        if strangers:
            raise ValueError(f"v2.resets are statuses {sorted(_STATUSES)}, not {sorted(strangers)}")


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Times are seconds.

    udf: whether UserDefinedFields in an update replace the map or merge into it (AWS does not say).
    quotas: whether AWS's rate quotas hold.
    event_delay: the least and the most that an event is under way.
    duplicate_share: the share of events that are delivered twice.
    visible_after: how long readers do not see a write (AWS: "can take several minutes").
    history_after: how long the history of a finding lacks a write; None: as long as readers do not see it.
    history_page: the most records of one page of a history, whatever was asked for (AWS: pages may be short).
    conflict_window: an update this soon after another write to the finding is a ConcurrentUpdateError.
    value_errors: whether a value outside the finding format's limits fails the findings or the call
        (AWS documents both answers and does not say which is given when).
    automation_pins: whether an automation rule takes provided fields over, as an update does (AWS does
        not say).
    account_names: names that the service knows for accounts.
    administrator, members: the account that administers the others, and these; None: every account
        stands alone.
    gathers: whether the administrator's hub has the findings of its members too, as AWS has it. Otherwise
        each hub has its own alone.
    home_region: where findings of other Regions are gathered; None: each stays where it is.
    region_linking, linked_regions: which other Regions these are, in the words of GetFindingAggregator.
    v2: how Security Hub V2 behaves; what is said above holds for both.
    """

    udf: UserFields = "replace"
    quotas: bool = True
    event_delay: tuple[float, float] = (0.05, 0.5)
    duplicate_share: float = 0.02
    visible_after: float = 0.0
    history_after: float | None = None
    history_page: int = 100
    conflict_window: float = 0.0
    value_errors: Literal["finding", "call"] = "finding"
    automation_pins: bool = False
    seed: int = 0
    account_names: Mapping[str, str] = field(default_factory=dict)
    administrator: str | None = None
    members: tuple[str, ...] = ()
    gathers: bool = False
    home_region: str | None = None
    region_linking: RegionLinking = "ALL_REGIONS"
    linked_regions: tuple[str, ...] = ()
    v2: HubV2Settings = HubV2Settings()

    @property
    def administrator_v2(self) -> str | None:
        """The account that administers V2."""
        return self.v2.administrator or self.administrator

    def changed(self, changes: Mapping[str, Any]) -> "HubSettings":
        """Return settings with changes from JSON; those of `v2` leave its other settings as they are."""
        settings = {**asdict(self), **changes}
        return self.from_json({**settings, "v2": {**asdict(self.v2), **changes.get("v2", {})}})

    @property
    def history_lag(self) -> float:
        """Seconds for which the history of a finding lacks a write."""
        return self.visible_after if self.history_after is None else self.history_after

    @classmethod
    def still(cls, **changes: Any) -> "HubSettings":
        """Return settings without quotas; events arrive at once, once and in order."""
        return cls(**{"quotas": False, "event_delay": (0.0, 0.0), "duplicate_share": 0.0, **changes})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "HubSettings":
        """Return settings from JSON; raise TypeError or ValueError for what is not a setting."""
        settings = dict(values)
        if "event_delay" in settings:
            low, high = settings["event_delay"]
            settings["event_delay"] = (float(low), float(high))
        for name in ("members", "linked_regions"):
            if name in settings:
                settings[name] = tuple(settings[name])
        if not isinstance(settings.get("v2", HubV2Settings()), HubV2Settings):
            settings["v2"] = HubV2Settings.from_json(settings["v2"])
        return cls(**settings)

    def __post_init__(self) -> None:
        if self.udf not in ("replace", "merge"):
            raise ValueError(f"udf is replace or merge, not {self.udf!r}")
        if self.value_errors not in ("finding", "call"):
            raise ValueError(f"value_errors is finding or call, not {self.value_errors!r}")
        if not 0 <= self.event_delay[0] <= self.event_delay[1]:
            raise ValueError(f"event_delay is (least, most) seconds, not {self.event_delay!r}")
        if self.region_linking not in get_args(RegionLinking):
            raise ValueError(
                f"region_linking is one of {get_args(RegionLinking)}, not {self.region_linking!r}"
            )
        if not 1 <= self.history_page <= 100:
            raise ValueError(f"history_page is from 1 to 100, not {self.history_page!r}")
        if not 0 <= self.duplicate_share <= 1:
            raise ValueError(f"duplicate_share is from 0 to 1, not {self.duplicate_share!r}")
