"""The ledger guard's entry point: `lambdas.breaker.ledger_guard.handler`."""

import os

from hubtriage.aws.switch.ledger_guard import LedgerGuard

handler = LedgerGuard.from_environment(os.environ)
