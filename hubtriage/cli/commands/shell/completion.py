"""`hubtriage completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
_VARIABLE = "_HUBTRIAGE_COMPLETE"


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(SHELLS)), metavar="SHELL")
def command(shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    \b
    SHELL is bash, zsh or fish. To load it in every shell, add a line to its start-up file:
      ~/.bashrc                   eval "$(hubtriage completion bash)"
      ~/.zshrc                    eval "$(hubtriage completion zsh)"
      ~/.config/fish/config.fish  hubtriage completion fish | source

    Exit codes: 0; 2 wrong usage.
    """
    # click.source() would run a shell to learn its version, which need not be the one that reads this.
    kind = SHELLS[shell](click.get_current_context().find_root().command, {}, "hubtriage", _VARIABLE)
    click.echo(kind.source_template % kind.source_vars())
