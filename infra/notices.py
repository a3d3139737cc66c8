"""Make the topic of notices: what owners get before their exceptions end."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from hubtriage.aws.sweep.notices.announcing import NOT_SUBSCRIBED
from hubtriage.settings.configuration import Configuration
from hubtriage.settings.setting_types import owner_and_address

from .encryption import KEY_USE_ACTIONS
from .permissions import statement


class NoticesConstruct(Construct):
    """An encrypted topic, to which owners are subscribed; those of alarms get the notices of all others.

    AWS: an address has one subscription of a topic, so all that it is to get stands in one filter.
    """

    def __init__(self, scope: Construct, name: str, config: Configuration, key: kms.IKey) -> None:
        super().__init__(scope, name)
        self._config = config
        self._key = key
        self.topic = sns.Topic(self, "Topic", master_key=key, enforce_ssl=True)
        for number, (address, policy) in enumerate(sorted(self._filters().items())):
            sns.CfnSubscription(
                self,
                f"Subscription{number}",
                topic_arn=self.topic.topic_arn,
                protocol="email",
                endpoint=address,
                filter_policy=policy,
            )

    def _filters(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the filter of each address."""
        wanted = defaultdict[str, list[str]](list)
        for owner, address in map(owner_and_address, self._config.owners):
            wanted[address].append(owner)
        found = {address: {"owner": [*map(_matcher, owners)]} for address, owners in wanted.items()}
        others = {"subscribed": [NOT_SUBSCRIBED]}
        for address in self._config.tomorrow_emails or self._config.alarm_emails:
            own = found.get(address)
            found[address] = others if own is None else {"$or": [own, others]}
        return found

    def statements(self) -> tuple[iam.PolicyStatement, ...]:
        """Allow a role to send notices."""
        publish = statement("GiveNotice", ("sns:Publish",), self.topic.topic_arn)
        if self._config.kms_key is not None:  # the role may use it already
            return (publish,)
        return (publish, statement("EncryptNotices", KEY_USE_ACTIONS, self._key.key_arn))


def _matcher(owner: str) -> Any:
    """Return how a filter names an owner, or all owners whose names begin so."""
    if owner == "*":
        return {"exists": True}
    return {"prefix": owner[:-1]} if owner.endswith("*") else owner
