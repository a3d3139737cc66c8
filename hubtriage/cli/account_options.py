"""The options of commands that talk to AWS: which account, Region and stack, and whether calls are shown."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import click

from hubtriage.cli import project
from hubtriage.cli.failure import complain
from hubtriage.cli.terminal import set_verbose
from hubtriage.cli.text import escaped

_CALL = "hubtriage_call"
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
    """Return what adds --region, --profile and -v to a command.

    The first two act as if the environment had them.
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
        return command

    return with_options


def deployed_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which deployed stack is meant."""
    stack = click.option(
        "--stack", default=project.stack_name, show_default="hubtriage", help="Name of the deployed stack."
    )
    decorated: Callable[..., Any] = stack(account_options()(command))
    return decorated


def _show_calls(context: click.Context, _option: click.Parameter, is_given: bool) -> None:
    """Print a line for each call that ends while the command runs, whoever makes its client."""
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
