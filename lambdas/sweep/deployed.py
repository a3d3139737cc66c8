"""Entry point of the custom resource that starts a sweep: `lambdas.sweep.deployed.handler`."""

import os

import botocore.session

from hubtriage.aws.sweep.deployed import StartAfterDeploy

handler = StartAfterDeploy(
    botocore.session.get_session().create_client("stepfunctions"), os.environ["HUBTRIAGE_SWEEP_MACHINE"]
)
