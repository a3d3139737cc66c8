"""How the deployed stack is set, for commands that decide as it would."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Literal

import click

from hubtriage.authoring.never import SETTABLE_FIELDS
from hubtriage.engine.planning.plan import Settings

Command = Callable[..., None]

stack_option = click.option(
    "--stack", default="hubtriage", show_default=True, help="Name of the stack that plans."
)
_OPTIONS = (
    click.option(
        "--udf",
        type=click.Choice(["replace", "merge"]),
        default="replace",
        show_default=True,
        help="How UserDefinedFields are sent.",
    ),
    click.option(
        "--known-stack",
        "known_stacks",
        metavar="NAME",
        multiple=True,
        help="Another stack on this hub, as in the setting known-stacks. May be repeated.",
    ),
    click.option(
        "--never",
        metavar="FIELD",
        type=click.Choice(SETTABLE_FIELDS),
        multiple=True,
        help="A field that the stack never writes, as in its setting never. May be repeated.",
    ),
)


def settings_options(command: Command) -> Command:
    """The options with which the stack was deployed; the command is given `settings` made of them.

    The stack's name comes from a `--stack` of the command's own.
    """

    @wraps(command)
    def with_settings(
        *,
        stack: str,
        udf: Literal["replace", "merge"],
        known_stacks: Iterable[str],
        never: Iterable[str],
        **given: Any,
    ) -> None:
        settings = Settings(
            stack=stack, udf=udf, known_stacks=frozenset(known_stacks), never=frozenset(never)
        )
        command(settings=settings, **given)

    decorated: Command = with_settings
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
