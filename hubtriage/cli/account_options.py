"""The options of commands that talk to AWS: which account, Region, target and stack; showing calls."""

import os
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import click

from hubtriage.cli import project
from hubtriage.cli.failure import complain
from hubtriage.cli.targets.environment import KEYS, set_profile, set_region
from hubtriage.cli.targets.option import go_to_target, remember_region, target_option
from hubtriage.cli.terminal import set_verbose
from hubtriage.cli.text import escaped

_CALL = "hubtriage_call"
_GIVEN = {
    "AWS_PROFILE",
    *KEYS,
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
}
"""What says whose credentials count, as in a pipeline: then the profile of hubtriage.toml does not."""


def account_options(prefix: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds --region, --profile, --target and -v to a command.

    The first three act as if the environment had them. A command that acts on a hub calls `go_to_target` as
    well, before anything else.
    """

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "-v",
                "--verbose",
                is_flag=True,
                expose_value=False,
                callback=_show_calls,
                help=f"{prefix}Also show each call to AWS, its answer and its duration.",
            ),
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
        return target_option(command)

    return with_options


def deployed_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which deployed stack is meant; the command runs where that stack is."""

    @wraps(command)
    def where_it_is(stack: str | None, **given: Any) -> Any:
        go_to_target(click.get_current_context())
        return command(stack=stack or project.stack_name(), **given)

    decorated: Callable[..., Any] = stack_option()(account_options()(where_it_is))
    return decorated


def stack_option(prefix: str = "", rest: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that names a stack. It is None unless it is given: the settings name it then."""
    return click.option(
        "--stack",
        show_default="hubtriage",
        help=f"{prefix}{'name' if prefix else 'Name'} of the deployed stack{rest}.",
    )


def _show_calls(context: click.Context, _option: click.Parameter, is_given: bool) -> None:
    """Print a line for each call that ends while the command runs, whichever code makes the client."""
    if not is_given:
        return
    import botocore  # slow, and commands without AWS need none

    set_verbose(context)
    watch = _CallWatch()
    botocore.register_initializer(watch.follow)
    context.call_on_close(watch.end)


class _CallWatch:
    """Prints until its end; a session may live longer than the command that made it."""

    def __init__(self) -> None:
        self._is_over = False

    def follow(self, session: Any) -> None:
        """Watch the clients of a session of botocore."""
        session.register("before-call", self._begin)
        session.register("after-call", self._answered)
        session.register("after-call-error", self._failed)

    def end(self) -> None:
        """Print no more."""
        self._is_over = True
        import botocore

        botocore.unregister_initializer(self.follow)

    def _begin(self, model: Any, context: dict[str, Any], **_event: Any) -> None:
        context[_CALL] = f"{model.service_model.service_name} {model.name}", time.monotonic()

    def _answered(
        self, http_response: Any, parsed: Mapping[str, Any], context: Mapping[str, Any], **_event: Any
    ) -> None:
        self._print(parsed.get("Error", {}).get("Code") or http_response.status_code, context)

    def _failed(self, exception: Exception, context: Mapping[str, Any], **_event: Any) -> None:
        self._print(type(exception).__name__, context)

    def _print(self, answer: object, context: Mapping[str, Any]) -> None:
        if not self._is_over and _CALL in context:
            name, begun = context[_CALL]
            complain(escaped(f"aws {name}: {answer} in {time.monotonic() - begun:.2f} s"))


def _take_region(context: click.Context, _option: click.Parameter, region: str | None) -> None:
    remember_region(context, region)
    if region is None and not {"AWS_REGION", "AWS_DEFAULT_REGION"} & os.environ.keys():
        named = project.places_if_agreed()
        region = named[0] if len(named) == 1 else None
    if region is not None:
        set_region(region)


def _take_profile(_context: click.Context, _option: click.Parameter, profile: str | None) -> None:
    if profile is None and not _GIVEN & os.environ.keys():
        profile = project.profile()
    if profile is not None:
        set_profile(profile)
