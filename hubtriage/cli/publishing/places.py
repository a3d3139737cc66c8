"""Places in S3, as people write them: s3://BUCKET/PREFIX."""

import re
from dataclasses import dataclass
from typing import Any

import click

from hubtriage.cli.text import quoted

FORM = "s3://BUCKET/PREFIX"
_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[^\x00-\x1f\x7f\ud800-\udfff]*))?"
)
# AWS: 1,024 bytes for a key; the names of files need some of them.
_LONGEST_PREFIX = 900


@dataclass(frozen=True, slots=True)
class S3Place:
    """A bucket, and the beginning of the keys in it; it has no slash at its ends."""

    bucket: str
    prefix: str

    def key(self, name: str) -> str:
        """Return the key of a file."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def url(self, name: str) -> str:
        """Return where a file is, for people."""
        return f"s3://{self.bucket}/{self.key(name)}"


class S3Url(click.ParamType[S3Place]):
    """A place in S3, written s3://BUCKET/PREFIX; the prefix may be missing."""

    name = "s3-url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> S3Place:
        """Return the place."""
        if isinstance(value, S3Place):
            return value
        found = _URL.fullmatch(value)
        prefix = (found["prefix"] or "").strip("/") if found else ""
        if found is None or "//" in prefix or len(prefix.encode()) > _LONGEST_PREFIX:
            self.fail(f"{quoted(value)} is no place in S3; write {FORM}", param, ctx)
        return S3Place(found["bucket"], prefix)
