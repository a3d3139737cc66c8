"""Check whether findings wait, or could not be triaged at all."""

from collections.abc import Mapping

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict

_WAITING = "ApproximateNumberOfMessages"
_OUTPUTS = {"waiting": "QueueUrl", "dead": "DeadLetterQueueUrl", "undelivered": "UndeliveredQueueUrl"}


def look(account: Account) -> Verdict | None:
    """Read the depth of each queue. AWS: the numbers are approximate, and up to a minute old."""
    if account.deployed is None:
        return None
    sqs = account.client("sqs")
    depths = {}
    for name, output in _OUTPUTS.items():
        url = account.deployed.output(output)
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[_WAITING])
        depths[name] = int(answer["Attributes"][_WAITING])
    return judge(depths)


def judge(depths: Mapping[str, int]) -> Verdict:
    """Return the verdict on messages by queue: `waiting`, `dead` and `undelivered`."""
    waiting = f"{depths['waiting']:,} wait"
    if depths["dead"] or depths["undelivered"]:
        seen = f"{depths['dead']:,} dead letters, {depths['undelivered']:,} events not delivered, {waiting}"
        advice = (
            "read hubtriage logs --errors, remove the cause, then redrive (docs/deploying.md, Dead letters)"
        )
        return Verdict("problem", seen, advice, data=depths)
    return Verdict("ok", f"no dead letters, {waiting}", data=depths)
