"""The option that chooses a target of `hubtriage.toml`, and what a command does before it acts on its hub."""

import os
from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from hubtriage.cli import project
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.targets.environment import set_region
from hubtriage.cli.terminal import note
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.targets import VARIABLE, target_named

_REGION = "hubtriage.region"


class _TargetName(click.ParamType[str]):
    """The name of a target; what is typed is completed from `hubtriage.toml`."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the name; end with 2 if no target has it."""
        try:
            return target_named(project.project(), value, "--target").name
        except ConfigurationError as error:
            fail(str(error), exit_code=UNUSABLE)

    def shell_complete(
        self, _context: click.Context, _option: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the targets whose names begin so."""
        found = project.project()
        names = () if found is None else found.targets
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _take_target(_context: click.Context, _option: click.Parameter, name: str | None) -> None:
    if name is not None:
        os.environ[VARIABLE] = name


def target_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --target to a command. It acts as if the environment had it, before other options are read."""
    option = click.option(
        "--target",
        type=_TargetName(),
        metavar="NAME",
        is_eager=True,
        expose_value=False,
        callback=_take_target,
        help=f"Target of hubtriage.toml, in place of {VARIABLE}.",
    )
    decorated: Callable[..., Any] = option(command)
    return decorated


def remember_region(context: click.Context, region: str | None) -> None:
    """Remember the Region that is given as an option: one in the environment counts less than a target's."""
    context.meta[_REGION] = region


def given_region(context: click.Context) -> str | None:
    """Return the Region that is given as an option; None if there is none."""
    region: str | None = context.meta.get(_REGION)
    return region


def go_to_target(context: click.Context) -> None:
    """Have the command act on the hub of the chosen target, and no other; do nothing without targets.

    End with 2 if there are targets and none is chosen, if another Region is asked for, or if the AWS
    credentials are of another account. Its stack may well have the same name.
    """
    chosen = project.demand_target()
    if chosen is None:
        return
    region = _region_of(chosen.name, project.places(), context.meta.get(_REGION))
    set_region(region)
    account = project.account()
    demand_account(chosen.name, account)
    note(f"target {chosen.name}: account {account}, {region}")


def _region_of(name: str, places: tuple[str, ...], given: str | None) -> str:
    """Return the Region of a target that is meant; `given` is what an option says."""
    in_environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if given is not None and given not in places:
        fail(
            f"target {name} has no stack in {given}",
            f"leave --region out, or name one of its Regions: {', '.join(places)}",
            exit_code=UNUSABLE,
        )
    if len(places) == 1:
        return places[0]
    region = given or in_environment
    if region not in places:
        fail(
            f"target {name} has several Regions: {', '.join(places)}",
            "choose one with --region",
            exit_code=UNUSABLE,
        )
    return region


def demand_account(name: str, account: str | None) -> None:
    """End with 2 if the AWS credentials are not those of a target's account, with 1 if there are none."""
    from hubtriage.cli.stack import AWS_ERRORS, client  # boto3 is slow to import

    try:
        actual = client("sts").get_caller_identity()["Account"]
    except AWS_ERRORS as error:
        fail(f"sts: {error}", "look at AWS_PROFILE and AWS_REGION")
    if actual != account:
        fail(
            f"target {name} is account {account}, and these AWS credentials are of account {actual}",
            _other_credentials(project.profile()),
            exit_code=UNUSABLE,
        )


def _other_credentials(profile: str | None) -> str:
    """Return what to do about credentials of another account; `profile` is the one of the settings."""
    if profile is None or os.environ.get("AWS_PROFILE") == profile:
        return "give the target a profile in hubtriage.toml, or use --profile or other credentials"
    return f"the environment counts more than the profile of the target: use --profile {profile}"
