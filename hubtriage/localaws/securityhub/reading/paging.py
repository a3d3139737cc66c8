"""Opaque page tokens, each good only for the request that it continues."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from hubtriage.localaws.securityhub.errors import invalid_input

T = TypeVar("T")


def next_token(position: int, request: Mapping[str, Any]) -> str:
    """Return the token for the page that starts at `position`."""
    return base64.urlsafe_b64encode(f"{position}:{_digest(request)}".encode()).decode()


def position(request: Mapping[str, Any]) -> int:
    """Return where the page of a request starts; raise HubError for a token of another request."""
    token = request.get("NextToken")
    if token is None:
        return 0
    try:
        place, _, digest = base64.urlsafe_b64decode(token).decode().partition(":")
        if digest == _digest(request):
            return int(place)
    except (ValueError, TypeError, binascii.Error):
        pass
    raise invalid_input("Invalid parameter 'NextToken'")


def page_size(request: Mapping[str, Any], default: int = 100) -> int:
    """Return MaxResults of a request; AWS: 1 to 100."""
    size = request.get("MaxResults", default)
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 100:
        raise invalid_input("Invalid parameter 'MaxResults': should be >= 1 and <= 100")
    return size


def page_of(found: Iterator[tuple[int, T]], size: int) -> tuple[list[T], int | None]:
    """Return the next `size` findings of (place, finding), and the place of the one after them."""
    page: list[T] = []
    for place, finding in found:
        if len(page) == size:
            return page, place
        page.append(finding)
    return page, None


def _digest(request: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in request.items() if name not in ("NextToken", "MaxResults")}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()[:16]
