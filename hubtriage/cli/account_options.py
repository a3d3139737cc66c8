"""The options that say which account, Region and deployed stack a command is about."""

import os
from collections.abc import Callable
from typing import Any

import click

from hubtriage.cli import project

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_GIVEN = {
    "AWS_PROFILE",
    *_KEYS,
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
}
"""What says whose credentials count, as in a pipeline: then the profile of hubtriage.toml does not."""


def account_options(prefix: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds --region and --profile to a command. They act as if the environment had them."""

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "--profile",
                expose_value=False,
                callback=_take_profile,
                help=f"{prefix}AWS profile to use in place of the environment.",
            ),
            click.option(
                "--region",
                expose_value=False,
                callback=_take_region,
                help=f"{prefix}AWS Region to use in place of AWS_REGION.",
            ),
        ):
            command = option(command)
        return command

    return with_options


def deployed_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which deployed stack is meant."""
    stack = click.option(
        "--stack", default=project.stack_name, show_default="hubtriage", help="Name of the deployed stack."
    )
    decorated: Callable[..., Any] = stack(account_options()(command))
    return decorated


def _take_region(_context: click.Context, _option: click.Parameter, region: str | None) -> None:
    if region is None and not {"AWS_REGION", "AWS_DEFAULT_REGION"} & os.environ.keys():
        region = project.region()
    if region is not None:
        os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = region


def _take_profile(_context: click.Context, _option: click.Parameter, profile: str | None) -> None:
    """AWS: its tools prefer keys in the environment to AWS_PROFILE, but not to a profile that is given."""
    if profile is None and not _GIVEN & os.environ.keys():
        profile = project.profile()
    if profile is not None:
        os.environ["AWS_PROFILE"] = profile
        for name in _KEYS:
            os.environ.pop(name, None)
