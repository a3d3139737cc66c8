"""Run microburst's proxy on an inherited socket: its own command takes a number, which may be in use by then.

python -m tests.faults.microburst_on_socket DESCRIPTOR UPSTREAM
"""

import logging
import socket
import sys

from aiohttp import web
from microburst.app import make_app
from microburst.core.pipeline import Microburst


def main() -> None:
    """Serve until killed."""
    descriptor, upstream = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    web.run_app(make_app(Microburst(upstream)), sock=socket.socket(fileno=int(descriptor)), print=None)


if __name__ == "__main__":
    main()
