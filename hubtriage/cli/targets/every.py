"""Go through all targets of `hubtriage.toml`, for a command that looks at each in turn."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import click
from click.core import ParameterSource

from hubtriage.cli import project
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.targets.environment import set_profile, set_region
from hubtriage.cli.targets.option import demand_account
from hubtriage.settings.targets import VARIABLE

_OF_ONE = {"target": "--target", "region": "--region", "profile": "--profile", "stack": "--stack"}


def refuse_options_of_one(context: click.Context) -> None:
    """Raise click.UsageError for an option that is about one target alone."""
    for name, option in _OF_ONE.items():
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{option} is about one target, and --all about every target", context)


def every_target() -> Iterator[tuple[str, str]]:
    """Yield the name and each Region of every target; end with 2 if there are none."""
    found = project.project()
    os.environ[VARIABLE] = ""  # a target that is left in the environment is not all of them
    if found is None or not found.targets:
        hint = "leave --all out, or write the settings of each hub below [target.NAME] in hubtriage.toml"
        fail("there are no targets", hint, exit_code=UNUSABLE)
    for name, config in project.configurations().items():
        for place in config.places:
            yield str(name), str(place)


@contextmanager
def at_target(name: str, region: str) -> Iterator[None]:
    """Act in a Region of a target within the block, by its own profile if it names one.

    End with 2 or 1, as `go_to_target` does, if the credentials are of no use there.
    """
    before = dict(os.environ)
    try:
        boto3.DEFAULT_SESSION = None  # it keeps credentials and Region
        os.environ[VARIABLE] = name
        set_region(region)
        if profile := project.profile():
            set_profile(profile)
        demand_account(name, project.account())
        yield
    finally:
        boto3.DEFAULT_SESSION = None
        os.environ.clear()
        os.environ.update(before)
