"""The deployment guard's entry point: `lambdas.breaker.deployment_guard.handler`."""

import os

import botocore.session

from hubtriage.aws.custom_resource import CustomResources
from hubtriage.aws.deployment.guard import TYPE, DeploymentGuard, DeploymentGuardConfig

_config = DeploymentGuardConfig.from_environment(os.environ)
_systems = botocore.session.get_session().create_client("ssm")

handler = CustomResources({TYPE: DeploymentGuard(_systems, _config.stack)})
