"""Files and folders that people name: what is wrong with one is said in the same words in every command."""

import os
from typing import Any

import click

from hubtriage.cli.failure import UNUSABLE, CommandError, cause_of
from hubtriage.cli.text import quoted
from hubtriage.engine.text.system_errors import in_words


class Location(click.Path):
    """A path, as `click.Path`; what cannot be used ends the command with 2 and one line."""

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """Return the path."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            cause = cause_of(value, file=self.file_okay, folder=self.dir_okay)
            raise CommandError(f"{quoted(str(value))}: {in_words(cause)}", exit_code=UNUSABLE) from error
