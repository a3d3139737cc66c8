"""The `hubtriage` command: one module per command, imported when it is asked for."""

import os
from importlib import import_module

import click

from hubtriage.engine.text.suggestions import nearest

# name -> (module, what `hubtriage --help` says)
COMMANDS = {
    "init": ("hubtriage.cli.commands.rules.init", "Begin a folder for your own rules."),
    "lint": ("hubtriage.cli.commands.rules.lint", "Check rule files: all errors and warnings at once."),
    "test": ("hubtriage.cli.commands.rules.test", "Run the tests that stand in the rule files."),
    "plan": ("hubtriage.cli.commands.findings.plan", "Say what would be sent for each of some findings."),
    "explain": ("hubtriage.cli.commands.findings.explain", "Show the whole reasoning for one finding."),
    "backtest": (
        "hubtriage.cli.commands.findings.backtest",
        "Say what the rules would change on many findings.",
    ),
    "diff": (
        "hubtriage.cli.commands.findings.diff",
        "Say which findings change outcome between two rule folders.",
    ),
    "build": ("hubtriage.cli.commands.rules.build", "Compile the rules into ruleset.json."),
    "schema": ("hubtriage.cli.commands.rules.schema", "Print the JSON Schema of rule files, for editors."),
    "import": ("hubtriage.cli.commands.rules.import_", "Turn rules of other tools into rules of ours."),
    "export": ("hubtriage.cli.commands.rules.export", "Turn rules into Security Hub's own automation rules."),
    "sweep": ("hubtriage.cli.commands.aws.sweep", "Bring the rules into force on existing findings."),
    "why": ("hubtriage.cli.commands.aws.why", "Tell the story of one finding: who changed what, and why."),
    "accounts": ("hubtriage.cli.commands.aws.accounts", "Keep the account directory up to date."),
    "logs": ("hubtriage.cli.commands.aws.logs", "Tell the decisions of the deployed stack in plain words."),
    "mode": ("hubtriage.cli.commands.aws.mode", "Show whether triage writes, or switch it."),
    "redrive": ("hubtriage.cli.commands.aws.redrive", "Have dead letters triaged again."),
    "doctor": ("hubtriage.cli.commands.aws.doctor", "Check an account before and after deploying."),
    "demo": ("hubtriage.cli.commands.local.demo", "Run the whole system on this machine."),
    "local": ("hubtriage.cli.commands.local.local", "Start the local AWS for use by hand."),
}


class _LazyGroup(click.Group):
    """Loads a command's module only when that command runs: `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is named first; raises click.UsageError, with a name that is near."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = nearest(args[0], COMMANDS)
            if near is None:
                raise
            raise click.UsageError(f"{error.message} Did you mean `{near}`?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="hubtriage")
def cli() -> None:
    """Triage decisions for AWS Security Hub findings, written as YAML rules in git."""
    if region := os.environ.get("AWS_REGION"):
        # CDK and the other tools of AWS heed it; boto3 knows the older name alone.
        os.environ["AWS_DEFAULT_REGION"] = region
