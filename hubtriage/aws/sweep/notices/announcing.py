"""Give the notices that are due: a line of the log, and a message of the topic for each owner.

A notice is given first and noted second. So one that was given just before the function died is given again,
and none is lost. What cannot be given today is due tomorrow.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.faults import API_ERRORS
from hubtriage.aws.sweep.notices.due import Notice, SweepFacts, due, notices_of
from hubtriage.aws.sweep.notices.given import GivenNotice, NoticeMemory
from hubtriage.aws.sweep.notices.tally import MOST_OWNER, EndingTally
from hubtriage.aws.sweep.notices.text import NO_OWNER, body, one_line, subject
from hubtriage.aws.switch.breaker import Topic
from hubtriage.engine.ruleset.owner import is_named
from hubtriage.engine.ruleset.ruleset import Rule

MESSAGE = "exception ends soon"
SUBSCRIBED, NOT_SUBSCRIBED = "yes", "no"
NOT_GIVEN = "notices of exceptions that end cannot be given; the next sweep of all findings tries again"
_REFUSED = "InvalidParameter"
"""AWS: begins the code of an error that is about this message. Other messages may be taken."""


@dataclass(frozen=True, slots=True)
class Announced:
    """How giving notices went: how many of them were given, and how many rules still wait for theirs."""

    notices: int = 0
    failed: int = 0


class Announcer:
    """Gives each notice once; `log` writes a line, `warn` one of what failed.

    `topic` is the ARN of the topic that messages go to; without one there are lines only. `subscribed` are
    the owners that have subscriptions of their own: names, or beginnings of names that end in `*`.
    """

    def __init__(
        self,
        memory: NoticeMemory,
        sns: Topic,
        topic: str,
        subscribed: Collection[str],
        log: Callable[[str, Notice], None],
        warn: Callable[[str, Exception], None],
    ) -> None:
        self._memory = memory
        self._sns = sns
        self._topic = topic
        self._subscribed = subscribed
        self._log = log
        self._warn = warn

    def announce(
        self, rules: Mapping[str, Rule], tally: EndingTally, days: Collection[int], around: SweepFacts
    ) -> Announced:
        """Give the notices of these rules that are due.

        After the first that fails, the others wait too, unless AWS refuses only this message.
        """
        given, waiting = 0, 1
        try:
            known = self._memory.read()
            dues = list(due(rules.values(), tally, days, known, around.now))
            waiting = len(dues)
            for each in dues:
                notices = notices_of(rules[each.rule], each.days, tally, around)
                if not self._give(notices):
                    continue
                known = still_of_use({*known, each}, around.now)
                self._memory.write(known)
                given += len(notices)
                waiting -= 1
        except API_ERRORS as error:
            self._warn(NOT_GIVEN, error)
        return Announced(given, waiting)

    def _give(self, notices: Iterable[Notice]) -> bool:
        """Give the notices of one rule; return False if AWS refuses one of them. Raises its other errors."""
        try:
            for notice in notices:
                self._log(MESSAGE, notice)
                if self._topic:
                    self._publish(notice)
        except ClientError as error:
            if not error.response["Error"]["Code"].startswith(_REFUSED):
                raise
            self._warn(NOT_GIVEN, error)
            return False
        return True

    def _publish(self, notice: Notice) -> None:
        self._sns.publish(
            TopicArn=self._topic,
            Subject=subject(notice),
            Message=body(notice),
            MessageAttributes=self._attributes(notice),
        )

    def _attributes(self, notice: Notice) -> dict[str, dict[str, str]]:
        """Return what subscriptions filter by. AWS: the value of an attribute is never empty.

        A notice for several owners goes to each of them, and to those who get what has no address.
        """
        owner, others = _owner_text(notice["owner"]), notice.get("other_owners")
        known = others is None and is_named(owner, self._subscribed)
        return {
            "owner": _attribute(owner) if others is None else _list([owner, *map(_owner_text, others)]),
            "subscribed": _attribute(SUBSCRIBED if known else NOT_SUBSCRIBED),
            "rule": _attribute(notice["rule"]),
            "days": {"DataType": "Number", "StringValue": str(notice["days"])},
        }


def _owner_text(owner: str | None) -> str:
    return one_line(owner or "", MOST_OWNER) or NO_OWNER


def _list(values: Sequence[str]) -> dict[str, str]:
    """AWS: a filter fits a list if it fits one of its values."""
    return {"DataType": "String.Array", "StringValue": json.dumps(values, ensure_ascii=False)}


def _attribute(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def still_of_use(known: Iterable[GivenNotice], now: float) -> frozenset[GivenNotice]:
    """Return the notices of rules that have not ended yet."""
    return frozenset(each for each in known if each.ends > now)
