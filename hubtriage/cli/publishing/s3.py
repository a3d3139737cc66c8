"""Files written to S3."""

from collections.abc import Mapping
from typing import Any, NoReturn

from hubtriage.cli.failure import fail
from hubtriage.cli.output import encoded
from hubtriage.cli.publishing.places import FORM, S3Place
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.terminal import note
from hubtriage.cli.text import quoted

_TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}
_HINTS = {
    "NoSuchBucket": f"create the bucket, or name another: --publish {FORM}",
    "AccessDenied": "docs/exceptions.md lists the permissions of the command",
    "PermanentRedirect": "give the Region of the bucket with --region",
}


def publish(place: S3Place, contents: Mapping[str, str]) -> None:
    """Write files to a place, one after another; end the command with 2 at the first that cannot be written.

    `contents` are their texts by name. How they are encrypted is left to the bucket.
    """
    storage = client("s3")
    for name, content in contents.items():
        try:
            storage.put_object(
                Bucket=place.bucket,
                Key=place.key(name),
                Body=encoded(content),
                ContentType=_TYPES[name.rpartition(".")[2]],
                CacheControl="no-cache",  # the latest has another content each day
            )
        except AWS_ERRORS as error:
            _fail_at(place.url(name), error)
        note(f"published {place.url(name)}")


def _fail_at(url: str, error: Any) -> NoReturn:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    fail(f"{quoted(url)}: s3:PutObject: {error}", _HINTS.get(code, ""), exit_code=2)
