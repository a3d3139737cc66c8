"""The entry point of the sweep's clock: `lambdas.sweep.clock.handler`."""

import os
from pathlib import Path

from hubtriage.aws.sweep.clock import SweepClock
from hubtriage.aws.triage.config import RULESET

_RULESET = Path(__file__).parents[2] / "ruleset.json"  # the root of the package

handler = SweepClock.from_environment({RULESET: str(_RULESET), **os.environ})
