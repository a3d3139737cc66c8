"""Entry point of the stack's custom resources: `lambdas.sweep.deployed.handler`."""

import os

import botocore.session

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.custom_resource import CustomResources
from hubtriage.aws.decision_events.bus import EventBridgeBus, eventbridge
from hubtriage.aws.hand_back.action import ACTION_TYPE, HandBackAction
from hubtriage.aws.ledger.never_resource import TYPE as NEVER
from hubtriage.aws.ledger.never_resource import NeverResource
from hubtriage.aws.sweep.deployed import DeployedConfig, StartAfterDeploy
from hubtriage.aws.switch.resource import SwitchResource

_config = DeployedConfig.from_environment(os.environ)
_make = botocore.session.get_session().create_client
_bus = EventBridgeBus(eventbridge, _config.event_bus, SystemClock()) if _config.event_bus else None

handler = CustomResources(
    {
        "Custom::HubtriageSweep": StartAfterDeploy(_make("stepfunctions"), _config.machine),
        "Custom::HubtriageMode": SwitchResource(_make("ssm"), bus=_bus),
        ACTION_TYPE: HandBackAction(_make("securityhub")),
        NEVER: NeverResource(lambda **request: _make("dynamodb").scan(**request)),
    }
)
