"""Find targets whose hub is not known, or that get into each other's way on one hub."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from hubtriage.settings.fields import SettingFields
from hubtriage.settings.project_file import TARGETS, ProjectFile
from hubtriage.settings.setting_types import ALL_REGIONS

Named = tuple[str, SettingFields]
"""The name of a target, and its settings."""


def target_problems(project: ProjectFile, configs: Mapping[str, SettingFields]) -> Iterator[str]:
    """Yield what is wrong with targets, by name, each with its place and what to do."""
    for name, config in configs.items():
        yield from (f"{project.place(TARGETS, name)}: {problem}" for problem in _unknown_hub(config))
    for first, second in combinations(configs.items(), 2):
        if first[1].account and first[1].account == second[1].account:
            place = project.place(TARGETS, second[0])
            yield from (f"{place}: {problem}" for problem in _conflicts(first, second))


def _unknown_hub(config: SettingFields) -> Iterator[str]:
    """Yield what does not say which hub it is: the AWS credentials would choose it."""
    needed = {"account": config.account, "home-region or regions": config.places[0]}
    for setting in (setting for setting, value in needed.items() if value is None):
        yield (
            f"has no {setting}: the AWS credentials would choose the hub\n"
            f"  hint: write {setting} there, or at the top for all targets"
        )


def _conflicts(first: Named, second: Named) -> Iterator[str]:
    """Yield how two targets of one account get into each other's way."""
    (one, config), (_two, another) = first, second
    shared = [each for each in another.places if each and each in config.places]
    if config.stack_name == another.stack_name and shared:
        yield (
            f"goes to stack {another.stack_name} of account {another.account} in {shared[0]}, "
            f"as target {one} does\n  hint: give one of them another account, Region or stack-name"
        )
    elif config.stack_name == another.stack_name:
        yield from (*_aggregated(first, second), *_aggregated(second, first))
    elif shared and _ledger(config) == _ledger(another):
        yield (
            f"has the ledger {_ledger(another)} in {shared[0]}, as target {one} does: each would take "
            "the other's changes for its own\n  hint: give one of them another ledger-table"
        )
    elif shared and another.hand_back_action and config.hand_back_action == another.hand_back_action:
        yield (
            f"creates the Custom Action {another.hand_back_action} in {shared[0]}, as target {one} does\n"
            "  hint: give one of them another hand-back-action"
        )


def _aggregated(home: Named, alone: Named) -> Iterator[str]:
    """Yield the first Region of a target whose findings arrive in the home Region of another one as well."""
    (one, config), (other, another) = home, alone
    for region in [each for each in another.places if each and _is_aggregated(each, config)][:1]:
        yield (
            f"the findings of {region} would be triaged twice: by target {other}, and in "
            f"{config.home_region}, where they are aggregated, by target {one}\n"
            f"  hint: leave {region} out of regions; or, if AWS aggregates some Regions only, "
            "name these in linked-regions"
        )


def _is_aggregated(region: str, home: SettingFields) -> bool:
    linked = home.linked_regions
    elsewhere = home.home_region is not None and region != home.home_region
    return elsewhere and (not linked or ALL_REGIONS in linked or region in linked)


def _ledger(config: SettingFields) -> str:
    return config.ledger_table or f"{config.stack_name}-ledger"
