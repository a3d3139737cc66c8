"""The sweep function's entry point: `lambdas.sweep.handler.handler`."""

import os
from pathlib import Path

from hubtriage.aws.sweep.function import SweepFunction
from hubtriage.aws.triage.config import RULESET

_RULESET = Path(__file__).parents[2] / "ruleset.json"  # the root of the package

handler = SweepFunction.from_environment({RULESET: str(_RULESET), **os.environ})
