"""How a hub behaves where AWS leaves it open, or where a test wants it still."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from hubtriage.localaws.securityhub.asff.fields import UserFields

RegionLinking = Literal["ALL_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS", "NO_REGIONS"]
"""AWS: RegionLinkingMode of a finding aggregator."""


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
