"""The entry point of hand-backs: `lambdas.hand_back.handler.handler`."""

import os

from hubtriage.aws.hand_back.function import HandBackFunction

handler = HandBackFunction.from_environment(os.environ)
