"""The functions' logger, for what is not a decision."""

import logging
import sys
from functools import cache

from aws_lambda_powertools.logging import Logger

from hubtriage.aws.json_lines import json_line


def logger(service: str, level: str) -> Logger:
    """Return a logger that writes one line of JSON. Put foreign text into members, never into the message.

    The handler filters: of two levels, Powertools would take Lambda's own, which lets metrics pass.
    """
    output = _output(service)
    output.setLevel(level)
    return Logger(
        logger_handler=output,
        service=service,
        level=level,
        use_rfc3339=True,
        utc=True,
        json_serializer=json_line,
    )


def write(text: str) -> None:
    """Write at once: a container that is killed has then logged what it did."""
    sys.stdout.write(text)
    sys.stdout.flush()


class _StandardOutput(logging.Handler):
    """Writes where decisions are written, whatever standard output is by then."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        write(self.format(record) + "\n")


@cache
def _output(_service: str) -> logging.Handler:
    """Return one handler per name: Powertools sets up a logger of one name only once."""
    return _StandardOutput()
