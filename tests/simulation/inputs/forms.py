"""Findings in every form in which AWS hands them out, for tests: each form as a function of findings."""

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from typing import Any

Finding = dict[str, Any]
Form = Callable[[Sequence[Finding]], str]
Envelope = Callable[[str], Any]


def event(findings: Sequence[Finding], **members: Any) -> dict[str, Any]:
    """An EventBridge event of Security Hub."""
    return {
        "version": "0",
        "id": "1",
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "account": "111122223333",
        "time": "2027-01-15T08:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:securityhub:eu-west-1::product/aws/securityhub/x"],
        "detail": {"findings": list(findings)},
        **members,
    }


def custom_action(findings: Sequence[Finding]) -> dict[str, Any]:
    """The event of a Custom Action."""
    detail = {"actionName": "Accept", "actionDescription": "d", "findings": list(findings)}
    return event(findings, detail=detail) | {"detail-type": "Security Hub Findings - Custom Action"}


def coded(text: str) -> str:
    """Text as records carry it."""
    return base64.b64encode(text.encode()).decode()


def packed(text: str) -> str:
    """The same, packed."""
    return base64.b64encode(gzip.compress(text.encode())).decode()


def log_data(*messages: str) -> str:
    """What CloudWatch Logs sends to subscribers."""
    events = [
        {"id": str(n), "timestamp": 1_800_000_000_000, "message": text} for n, text in enumerate(messages)
    ]
    about = {
        "messageType": "DATA_MESSAGE",
        "owner": "1",
        "logGroup": "/aws/events/findings",
        "logStream": "s",
    }
    return json.dumps(about | {"subscriptionFilters": ["f"], "logEvents": events})


FORMS: dict[str, Form] = {
    "one finding a line": lambda many: "".join(json.dumps(one) + "\n" for one in many),
    "a list": lambda many: json.dumps(list(many)),
    "an answer of GetFindings": lambda many: json.dumps({"Findings": list(many), "NextToken": "t"}, indent=4),
    "answers of GetFindings": lambda many: "".join(json.dumps({"Findings": [one]}, indent=4) for one in many),
    "a request of BatchImportFindings": lambda many: json.dumps({"Findings": list(many)}),
    "events": lambda many: "\n".join(json.dumps(event([one])) for one in many),
    "a list of events": lambda many: json.dumps([event([one]) for one in many]),
    "one event of several": lambda many: json.dumps(event(many), indent=1),
    "events of an archive that is replayed": lambda many: "".join(
        json.dumps(event([one], **{"replay-name": "again"})) for one in many
    ),
    "the detail of events": lambda many: "\n".join(json.dumps(event([one])["detail"]) for one in many),
    "a Custom Action": lambda many: json.dumps(custom_action(many)),
    "an object of Firehose": lambda many: "".join(json.dumps(event([one])) for one in many),
    "our own export": lambda many: "".join(
        json.dumps(line) + "\n"
        for line in ({"hubtriage-export": 1}, *({"finding": one, "read": 1.5} for one in many))
    ),
}
"""Forms that hold findings themselves."""

ENVELOPES: dict[str, Envelope] = {
    "a message received from SQS": lambda text: {
        "Messages": [{"MessageId": "m", "ReceiptHandle": "r", "MD5OfBody": "x", "Body": text}]
    },
    "the Body of a message": lambda text: [text],
    "SQS for Lambda": lambda text: {
        "Records": [{"messageId": "m", "receiptHandle": "r", "body": text, "eventSource": "aws:sqs"}]
    },
    "SQS for a pipe": lambda text: [{"messageId": "m", "body": text, "eventSource": "aws:sqs"}],
    "SNS": lambda text: {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:t", "Message": text},
    "SNS for Lambda": lambda text: {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "Sns": {"Type": "Notification", "Message": text},
            }
        ]
    },
    "Kinesis for Lambda": lambda text: {
        "Records": [{"kinesis": {"partitionKey": "p", "data": coded(text)}, "eventSource": "aws:kinesis"}]
    },
    "Kinesis for a pipe": lambda text: [
        {"partitionKey": "p", "data": coded(text), "eventSource": "aws:kinesis"}
    ],
    "records of Kinesis": lambda text: {
        "Records": [{"SequenceNumber": "1", "Data": coded(text), "PartitionKey": "p"}],
        "NextShardIterator": "n",
    },
    "Firehose for Lambda": lambda text: {
        "invocationId": "i",
        "records": [{"recordId": "1", "approximateArrivalTimestamp": 1, "data": coded(text)}],
    },
    "Firehose for HTTP": lambda text: {"requestId": "r", "timestamp": 1, "records": [{"data": coded(text)}]},
    "what Firehose could not deliver": lambda text: {
        "attemptsMade": 4,
        "arrivalTimestamp": 1,
        "errorCode": "Lambda.FunctionError",
        "rawData": coded(text),
    },
    "CloudWatch Logs for Lambda": lambda text: {"awslogs": {"data": packed(log_data(text))}},
    "CloudWatch Logs through Kinesis": lambda text: {
        "Records": [{"kinesis": {"data": packed(log_data(text))}, "eventSource": "aws:kinesis"}]
    },
    "CloudWatch Logs through Firehose": lambda text: json.loads(log_data(text)),
    "log events found": lambda text: {
        "events": [{"logStreamName": "s", "timestamp": 1, "message": text, "eventId": "1"}]
    },
    "Lambda for a destination": lambda text: {
        "version": "1.0",
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": {"Records": [{"messageId": "m", "body": text}]},
    },
    "a request of PutEvents": lambda text: {"Entries": [{"Source": "s", "DetailType": "d", "Detail": text}]},
}
"""Envelopes around a text, as AWS makes them: one may lie in another."""
