"""The `hubtriage` command: one module per command, imported when it is asked for."""

import os
from collections.abc import MutableMapping
from importlib import import_module
from importlib.abc import InspectLoader
from importlib.util import find_spec
from typing import Any

import click
from click.shell_completion import CompletionItem

from hubtriage.cli.common_options import add_common_options, colour_option
from hubtriage.cli.ending.one_line import EXIT_CODES, ends_in_one_line
from hubtriage.cli.terminal import colour_of
from hubtriage.engine.text.suggestions import nearest

_FOLDER = "hubtriage.cli.commands"
COMMANDS = {
    "init": f"{_FOLDER}.rules.init",
    "lint": f"{_FOLDER}.rules.lint",
    "test": f"{_FOLDER}.rules.test",
    "plan": f"{_FOLDER}.findings.plan",
    "explain": f"{_FOLDER}.findings.explain",
    "backtest": f"{_FOLDER}.findings.backtest",
    "diff": f"{_FOLDER}.findings.diff",
    "exceptions": f"{_FOLDER}.findings.exceptions",
    "policy": f"{_FOLDER}.rules.policy",
    "renew": f"{_FOLDER}.rules.renew",
    "build": f"{_FOLDER}.rules.build",
    "package": f"{_FOLDER}.rules.package",
    "schema": f"{_FOLDER}.rules.schema",
    "settings": f"{_FOLDER}.rules.settings",
    "import": f"{_FOLDER}.rules.import_",
    "export": f"{_FOLDER}.rules.export",
    "deploy": f"{_FOLDER}.aws.deploy",
    "sweep": f"{_FOLDER}.aws.sweep",
    "why": f"{_FOLDER}.aws.why",
    "findings": f"{_FOLDER}.aws.findings",
    "accounts": f"{_FOLDER}.aws.accounts",
    "logs": f"{_FOLDER}.aws.logs",
    "mode": f"{_FOLDER}.aws.mode",
    "hand-back": f"{_FOLDER}.aws.hand_back",
    "tickets": f"{_FOLDER}.tickets.tickets",
    "ledger": f"{_FOLDER}.ledger.ledger",
    "notify": f"{_FOLDER}.notify.notify",
    "redrive": f"{_FOLDER}.aws.redrive",
    "doctor": f"{_FOLDER}.aws.doctor",
    "demo": f"{_FOLDER}.local.demo",
    "local": f"{_FOLDER}.local.local",
    "completion": f"{_FOLDER}.shell.completion",
}
"""The module of each command, in the order of `hubtriage --help`."""


def summary(module: str) -> str:
    """Return the first line of the docstring of a module's command.

    It is read from the source: importing every command takes most of a second, and boto3 with it.
    """
    spec = find_spec(module)
    source = spec.loader.get_source(module) if spec and isinstance(spec.loader, InspectLoader) else None
    text = (source or "").partition("\ndef command(")[2].partition('"""')[2]
    return text.partition("\n")[0].partition('"""')[0]


class _LazyGroup(click.Group):
    """A group that loads a command's module only when the command runs: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return add_common_options(command)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context; what is wrong with the arguments ends the command in one line."""
        with ends_in_one_line():
            return super().make_context(info_name, args, parent, color=colour_of("auto"), **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever stops it ends in one line."""
        with ends_in_one_line():
            return super().invoke(ctx)

    def _main_shell_completion(
        self, ctx_args: MutableMapping[str, Any], prog_name: str, complete_var: str | None = None
    ) -> None:
        """Complete, or offer nothing: the command itself reports what is wrong, as in hubtriage.toml."""
        try:
            super()._main_shell_completion(ctx_args, prog_name, complete_var)
        except click.ClickException:
            raise SystemExit(1) from None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands that begin so, without importing one."""
        found = (name for name in COMMANDS if name.startswith(incomplete))
        commands = [CompletionItem(name, help=summary(COMMANDS[name])) for name in found]
        return commands or click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named first; raise click.UsageError with the nearest name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = nearest(args[0], COMMANDS)
            if near is None:
                raise
            raise click.UsageError(f"{error.message} Did you mean `{near}`?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(module)) for name, module in COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@colour_option
@click.version_option(None, "-V", "--version", package_name="hubtriage")
def cli() -> None:
    """Triage decisions for AWS Security Hub findings, written as YAML rules in git."""
    if region := os.environ.get("AWS_REGION"):
        # CDK and the other tools of AWS heed it; boto3 knows the older name alone.
        os.environ["AWS_DEFAULT_REGION"] = region
