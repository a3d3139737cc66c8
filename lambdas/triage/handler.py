"""The triage function's entry point: `lambdas.triage.handler.handler`."""

import os
from pathlib import Path

from hubtriage.aws.triage.config import RULESET
from hubtriage.aws.triage.function import TriageFunction

_RULESET = Path(__file__).parents[2] / "ruleset.json"  # the root of the package

handler = TriageFunction.from_environment({RULESET: str(_RULESET), **os.environ})
