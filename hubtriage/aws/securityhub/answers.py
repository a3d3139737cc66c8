"""Parse answers of GetFindings: as the service sent them, and no more at once than the memory holds.

AWS: a finding has up to 240 KB, so that a page of 100 has up to 24 MB. Parsed, JSON takes six times its size,
and twenty times if it consists of tiny values.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from botocore.parsers import ResponseParserError

LARGEST_ANSWER = 5_000_000
"""Bytes of an answer that are parsed at once, unless it has one finding only: 20 of the largest findings."""
UNPARSED = "UnparsedBody"
"""Member of an answer that was too large, or could not be parsed: its bytes."""
BODY_BYTES = "BodyBytes"
"""Member of an answer: how many bytes it had."""

UNPARSABLE = "it is nested too deep, or has too long a number, to be parsed"
SKIPPED = "Skipped"
"""Member of an answer whose finding could not be parsed and is left out: the reason."""

_TOKEN = rb'"NextToken"\s*:\s*("(?:[^"\\]|\\.)*")'
# Anchored at the end or the beginning of the answer: no text inside a finding can stand there.
_LAST_TOKEN = re.compile(rb"\]\s*,\s*" + _TOKEN + rb"\s*\}\s*\Z")
_FIRST_TOKEN = re.compile(rb"\A\s*\{\s*" + _TOKEN)
_NOT_JSON = (ValueError, RecursionError)


def parse_findings(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any
) -> None:
    """Take the body of an answer away from botocore and parse it here, once.

    botocore drops members that its model lacks; events have them, and the Lambda runtime's model is
    older than the service. A rule must see the same finding on both ways. botocore's copy also takes as
    much memory again.
    """
    body = response_dict["body"]
    if response_dict["status_code"] != 200 or not body:
        return
    response_dict["body"] = b"{}"
    if len(body) > LARGEST_ANSWER:
        customized_response_dict[UNPARSED] = body
    else:
        customized_response_dict.update(parsed_answer(body))


def parsed_answer(body: bytes) -> dict[str, Any]:
    """Return the members of an answer; raise ResponseParserError or UnicodeDecodeError for a broken one."""
    try:
        document = json.loads(body)
    except UnicodeDecodeError:
        raise
    except json.JSONDecodeError as error:
        raise ResponseParserError(f"GetFindings: {error}") from error
    except (RecursionError, ValueError):  # too deep, or a number of too many digits
        return {UNPARSED: body}  # it came whole: another try does not mend it
    if not isinstance(document, dict):
        raise ResponseParserError(f"GetFindings: a JSON {type(document).__name__}")
    return {**document, BODY_BYTES: len(body)}


def token_of(body: bytes) -> str | None:
    """Return the NextToken of an answer that is not parsed; None if it has none."""
    found = _LAST_TOKEN.search(body) or _FIRST_TOKEN.match(body)
    return None if found is None else str(json.loads(found[1]))


def parsed_alone(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Parse an answer with one finding, however large; leave the finding out if that cannot be done."""
    body = answer[UNPARSED]
    parsed = parsed_answer(body)
    if isinstance(parsed.get("Findings"), list):
        return parsed
    return {"Findings": [], "NextToken": token_of(body), SKIPPED: UNPARSABLE}
