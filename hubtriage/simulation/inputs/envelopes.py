"""What AWS wraps findings in: lists, events, answers, messages, records and log events, one in another.

Each envelope is recognised by itself, so that an element of a list of them is one too.
"""

import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NoReturn

from hubtriage.simulation.inputs.json_texts import LISTS, after_blanks
from hubtriage.simulation.inputs.unpacking import DAMAGED, GzipBombError, unpacked

MOST_ENVELOPES = 16
"""How deep envelopes may lie in one another. AWS itself comes to about eight."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)\s+(?:\S+\s+)?(?=[{\[])")


@dataclass(frozen=True, slots=True)
class Inner:
    """What lies in an envelope: a JSON value, and the member that it is of."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class Damaged:
    """An envelope that is known but whose contents cannot be read, and why."""

    path: str
    reason: str


def opened(value: Mapping[str, Any]) -> Iterator[Inner | Damaged] | None:
    """Return what lies in an envelope; None if the object is not one."""
    detail = value.get("detail")
    if isinstance(detail, Mapping):
        for name in ("findings", "Findings"):
            if detail.get(name) == []:
                return iter((Damaged(f"detail.{name}", "an event without findings"),))
            if isinstance(detail.get(name), list):
                return _listed(f"detail.{name}", detail[name])
    lists = [name for name in LISTS if isinstance(value.get(name), list)]
    if lists:
        return chain.from_iterable(_listed(name, value[name]) for name in lists)
    if value.get("messageType") == "CONTROL_MESSAGE":  # AWS: CloudWatch Logs asks whether it can be reached
        return iter(())
    for path, is_data in _members_of(value):
        content = _at(value, path)
        if isinstance(content, str):
            return _of_data(path, content) if is_data else _of_text(path, content)
        if path == "requestPayload" and isinstance(content, Mapping):
            return iter((Inner(path, content),))
    return None


def _listed(name: str, values: list[Any]) -> Iterator[Inner | Damaged]:
    return (Inner(f"{name}[{index}]", one) for index, one in enumerate(values))


# By the members that tell an envelope from other objects: the member that holds the rest, and whether that
# is data in base64.
_ENVELOPES: tuple[tuple[frozenset[str], str, bool], ...] = (
    (frozenset(("Sns",)), "Sns.Message", False),  # a record for Lambda
    (frozenset(("Message", "TopicArn")), "Message", False),  # of SNS
    (frozenset(("Message", "Type")), "Message", False),
    (frozenset(("Body",)), "Body", False),  # aws sqs receive-message
    (frozenset(("body", "messageId")), "body", False),  # a record of SQS for Lambda or a pipe
    (frozenset(("body", "eventSource")), "body", False),
    (frozenset(("kinesis",)), "kinesis.data", True),  # a record of Kinesis for Lambda
    (frozenset(("awslogs",)), "awslogs.data", True),  # CloudWatch Logs for Lambda
    (frozenset(("rawData", "errorCode")), "rawData", True),  # what Firehose could not deliver
    (frozenset(("data", "recordId")), "data", True),  # a record of Firehose for Lambda
    (frozenset(("data", "partitionKey")), "data", True),  # of Kinesis for a pipe
    (frozenset(("Data", "PartitionKey")), "Data", True),  # aws kinesis get-records
    (frozenset(("detail", "detail-type")), "detail", False),  # an event whose detail was made a text
    (frozenset(("Detail", "DetailType")), "Detail", False),  # a request of PutEvents
    (frozenset(("message", "timestamp")), "message", False),  # an event of CloudWatch Logs
    (frozenset(("requestPayload",)), "requestPayload", False),  # of Lambda for a destination
)
_DATA_ALONE = frozenset(("data",))


def _members_of(value: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    names = value.keys()
    for known, path, is_data in _ENVELOPES:
        if known <= names:
            yield path, is_data
    if names == _DATA_ALONE:  # a record of Firehose on its way to an HTTP endpoint
        yield "data", True


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _of_data(path: str, text: str) -> Iterator[Inner | Damaged]:
    try:
        data = unpacked(binascii.a2b_base64(text, strict_mode=True))
        encoding = json.detect_encoding(data[:4])
        inner = data.decode(encoding)
    except GzipBombError as error:
        yield Damaged(path, str(error))
    except UnicodeDecodeError:
        yield Damaged(path, "its data is not text")
    except ValueError:
        yield Damaged(path, "its data is not base64")
    except DAMAGED:
        yield Damaged(path, "its data is packed, and damaged")
    else:
        yield from _of_text(path, inner)


def _of_text(path: str, text: str) -> Iterator[Inner | Damaged]:
    try:
        yield from (Inner(path, value) for value, _, _ in values_in(text))
    except (ValueError, RecursionError) as error:
        yield Damaged(path, f"not JSON: {why(error)}")


def values_in(text: str) -> Iterator[tuple[Any, int, int]]:
    """Yield the JSON values of a text, and where each begins and ends. Raises ValueError or RecursionError.

    They may follow one another with blanks between them or nothing. A text of CloudWatch Logs may begin with
    its time.
    """
    text = text.lstrip("\ufeff")
    stamp = _STAMP.match(text)
    at = stamp.end() if stamp else 0
    while (at := after_blanks(text, at)) < len(text):
        value, end = _DECODER.raw_decode(text, at)
        yield value, at, end
        at = end


def why(error: Exception) -> str:
    """Return what is wrong with a text that is not JSON, for people."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at character {error.pos + 1}"
    return "a number of more than 4,300 digits" if str(error).startswith("Exceeds the limit") else str(error)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        twice = Counter(name for name, _ in members).most_common(1)[0][0]
        raise ValueError(
            f"{json.dumps(twice[:60])} appears twice in one object: it is not known which one counts"
        )
    return found


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_object)
