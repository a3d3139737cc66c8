"""The entry point of a channel's function: `lambdas.chat.handler.handler`."""

import os

from hubtriage.aws.deliveries.chat.function import ChatFunction

handler = ChatFunction.from_environment(os.environ)
