"""The breaker's entry point: `lambdas.breaker.handler.handler`."""

import os

from hubtriage.aws.switch.breaker import Breaker

handler = Breaker.from_environment(os.environ)
