"""The entry point of the function of a queue of tickets: `lambdas.tickets.handler.handler`."""

import os

from hubtriage.aws.deliveries.tickets.environment import ticket_function

handler = ticket_function(os.environ)
