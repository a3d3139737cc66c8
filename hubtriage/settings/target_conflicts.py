"""Find targets whose hub is not known, or that would triage the same findings."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from hubtriage.settings.fields import SettingFields
from hubtriage.settings.project_file import TARGETS, ProjectFile
from hubtriage.settings.setting_types import ALL_REGIONS


def target_problems(project: ProjectFile, configs: Mapping[str, SettingFields]) -> Iterator[str]:
    """Yield what is wrong with targets, by name: a hub that is not known, or that two of them would triage.

    Without an account and a Region, the AWS credentials would choose the hub.
    """
    for name, config in configs.items():
        needed = {"account": config.account, "home-region or regions": config.places[0]}
        for setting in (setting for setting, value in needed.items() if value is None):
            place = project.place(TARGETS, name)
            yield (
                f"{place}: has no {setting}: the AWS credentials would choose the hub\n"
                f"  hint: write {setting} there, or at the top for all targets"
            )
    for (one, first), (other, second) in combinations(configs.items(), 2):
        if first.account and first.account == second.account and first.stack_name == second.stack_name:
            yield from _of_one_hub(project, (one, first), (other, second))


def _of_one_hub(
    project: ProjectFile, first: tuple[str, SettingFields], second: tuple[str, SettingFields]
) -> Iterator[str]:
    """Yield where two targets of one account and stack name would triage the same findings."""
    place = project.place(TARGETS, second[0])
    for region in (each for each in second[1].places if each and each in first[1].places):
        yield (
            f"{place}: goes to stack {second[1].stack_name} of account {second[1].account} in {region}, "
            f"as target {first[0]} does\n  hint: give one of them another account, Region or stack-name"
        )
        return
    for (one, home), (other, alone) in ((first, second), (second, first)):
        for region in (each for each in alone.places if each and _is_aggregated(each, home)):
            yield (
                f"{place}: the findings of {region} would be triaged twice: by target {other}, and in "
                f"{home.home_region}, where they are aggregated, by target {one}\n"
                f"  hint: leave {region} out of regions; or, if AWS aggregates some Regions only, "
                "name these in linked-regions"
            )
            return


def _is_aggregated(region: str, home: SettingFields) -> bool:
    linked = home.linked_regions
    elsewhere = home.home_region is not None and region != home.home_region
    return elsewhere and (not linked or ALL_REGIONS in linked or region in linked)
