"""The triage function in this process, over a hub and a ledger in memory."""

from collections.abc import Callable, Mapping
from typing import Any

from hubtriage.aws.ledger.ledger import Ledger
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import SecurityHubApi
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.aws.triage.function import Services, TriageFunction
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from tests.support.triage_world import ROLE, TRIAGE


class NotedQueue:
    """A queue that notes for how long messages are to stay invisible."""

    def __init__(self, answer: Mapping[str, Any] | Exception | None = None) -> None:
        self.answer = answer or {"Successful": []}
        self.requests: list[dict[str, Any]] = []

    def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def function(
    hub: Hub | SecurityHubApi,
    clock: ManualClock,
    rules: Mapping[str, Any] | Ruleset,
    read_mode: Callable[[], str] | None = None,
    *,
    ledger: Ledger | None = None,
    sqs: NotedQueue | None = None,
    **config: Any,
) -> TriageFunction:
    """Return a function with settings by their names in `TriageConfig`, and an empty ledger."""
    api = InProcessSecurityHub(hub, clock, caller=TRIAGE) if isinstance(hub, Hub) else hub
    services = Services(api, ledger or MemoryLedger(), lambda: ROLE, lambda: sqs or NotedQueue())
    ruleset = rules if isinstance(rules, Ruleset) else load_ruleset(rules)
    return TriageFunction(TriageConfig(**config), ruleset, services, clock, read_mode)
