"""The function that people call to hand findings back. It knows who they are, and puts orders into the queue.

It decides nothing, and reads and writes no finding: triage does, by the rules, as for every event.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import botocore.session
from aws_lambda_powertools.logging import Logger

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.environment import EnvironmentConfig, setting, text
from hubtriage.aws.hand_back.order import OrderError, digest_of, keys_of, messages
from hubtriage.aws.hand_back.proof import Caller, ProofError, Prover, endpoint
from hubtriage.aws.logger import logger as make_logger
from hubtriage.aws.queue import MessageQueue
from hubtriage.aws.securityhub.backoff import Backoff


class Invocation(Protocol):
    """What is used of Lambda's context."""

    invoked_function_arn: str


@dataclass(frozen=True, slots=True)
class HandBackConfig(EnvironmentConfig):
    """What a deployment sets."""

    queue: str = setting("HUBTRIAGE_QUEUE_URL", text, "URL of the queue that triage reads")
    service: str = setting("POWERTOOLS_SERVICE_NAME", text, "name in logs and metrics", "hubtriage")


class HandBackFunction:
    """What Lambda calls. A request has `findings`, each with ProductArn and Id, and the caller's `proof`."""

    def __init__(self, prover: Prover, queue: MessageQueue, logger: Logger, clock: Clock) -> None:
        self._prover = prover
        self._queue = queue
        self._logger = logger
        self._clock = clock

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "HandBackFunction":
        """Read the settings and make the clients; raises ConfigError."""
        config, session, clock = (
            HandBackConfig.from_environment(environment),
            botocore.session.get_session(),
            SystemClock(),
        )
        queue = MessageQueue(session.create_client("sqs"), config.queue, Backoff(random.random), clock)
        prover = Prover(session, endpoint(session, environment["AWS_REGION"]))
        return cls(prover, queue, make_logger(config.service, "INFO"), clock)

    def __call__(self, request: Any, context: Invocation) -> dict[str, Any]:
        """Hand findings back; return `findings`, how many, and `by`, who did; or why it was `refused`.

        Raises QueueError and botocore's errors: then some of the findings may be handed back, and a second
        call does no harm.
        """
        asked = request if isinstance(request, dict) else {}
        function = ":".join(context.invoked_function_arn.split(":")[:7])  # without a version or alias
        try:
            keys = keys_of(asked.get("findings"))
            caller = self._prover.identity(asked.get("proof"), digest_of(function, keys))
            _demand_own_account(caller, function)
        except (OrderError, ProofError) as error:
            self._logger.warning("hand-back refused", extra={"reason": str(error)})
            return {"refused": str(error)}
        self._queue.send(messages(keys, caller.arn, self._clock.now()))
        ids = [name for _product, name in keys]
        self._logger.info("handed back", extra={"by": caller.arn, "finding_ids": ids})
        return {"findings": len(keys), "by": caller.arn}


def _demand_own_account(caller: Caller, function: str) -> None:
    """Refuse identities of other accounts: theirs are names that no one here has given."""
    own = function.split(":")[4]
    if caller.account != own:
        raise ProofError(f"{caller.arn} is not of account {own}: assume a role there")
