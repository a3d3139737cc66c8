"""The options that every command takes: added in one place, so that none lacks them."""

import click

from hubtriage.cli.terminal import COLOURS, colour_of, set_quiet, set_verbose


def _set_colour(context: click.Context, _option: click.Parameter, choice: str | None) -> None:
    if choice is not None:
        context.color = context.find_root().color = colour_of(choice)


def _set_quiet(context: click.Context, _option: click.Parameter, is_given: bool) -> None:
    if is_given:
        set_quiet(context)


def _set_verbose(context: click.Context, _option: click.Parameter, is_given: bool) -> None:
    if is_given:
        set_verbose(context)


colour_option = click.option(
    "--color",
    type=click.Choice(COLOURS),
    is_eager=True,
    expose_value=False,
    callback=_set_colour,
    help="Colours: on a terminal unless NO_COLOR is set, always, or never.",
)
quiet_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_quiet,
    help="Only results, errors and what fails: no progress, counts or notes.",
)
verbose_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_set_verbose,
    help="Also show what passes.",
)


def add_common_options(command: click.Command) -> click.Command:
    """Add the common options to a command, or to each command of a group, unless it has them."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            add_common_options(inner)
        return command
    known = {name for parameter in command.params for name in parameter.opts}
    if "--color" not in known:
        colour_option(command)
        quiet_option(command)
    return command
