"""Run the local AWS in this process: `python -m hubtriage.localaws.launcher`; `LocalCloud` starts it."""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from hubtriage.localaws.crashes import CrashRecorder
from hubtriage.localaws.environment import prepare_environment
from hubtriage.localaws.gateway import Gateway
from hubtriage.localaws.listener import port_of
from hubtriage.localaws.ministack.code import share_code
from hubtriage.localaws.ministack.internals import check_ministack, module
from hubtriage.localaws.organization import ACCOUNTS
from hubtriage.localaws.securityhub.settings import HubSettings


async def serve(gateway: Gateway, descriptor: int, crashes: CrashRecorder) -> None:
    """Serve on the inherited listener until SIGTERM or SIGINT.

    ministack then stores what it has, if it is durable.
    """
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = config.shutdown_timeout = 0.5
    config.loglevel = os.environ["LOG_LEVEL"]
    tls = module("core.tls")
    if tls.use_ssl_enabled():
        config.certfile, config.keyfile = tls.resolve_tls_material()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    crashes.watch(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def halted() -> None:
        await stop.wait()
        await asyncio.to_thread(gateway.halt)

    delivering = asyncio.create_task(gateway.deliver(stop))
    delivering.add_done_callback(lambda _: stop.set())
    await hypercorn_serve(gateway.app, config, shutdown_trigger=halted)  # type: ignore[arg-type]
    if delivering.done():
        delivering.result()
    delivering.cancel()


def _stop_with_parent() -> None:
    """End when standard input does: the process that started us holds its other end, and may be killed."""

    def wait() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _end_functions() -> None:
    """End the Lambda functions that run in our process group: no one else may be left to do it."""
    if os.getpid() == os.getpgrp():
        os.killpg(os.getpgrp(), signal.SIGKILL)


def main(arguments: list[str] | None = None) -> None:
    """Run until standard input ends, or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m hubtriage.localaws.launcher", description=__doc__)
    parser.add_argument("--listener", type=int, required=True, help="inherited descriptor of the socket")
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder for objects and unpacked functions")
    parser.add_argument("--settings", type=json.loads, default={}, help="HubSettings as JSON")
    parser.add_argument(
        "--batching-window", type=float, default=1.0, help="longest batching window kept, seconds"
    )
    parser.add_argument("--lambda-endpoint", help="where Lambda functions find AWS, e.g. a proxy")
    parser.add_argument("--auth", action="store_true", help="evaluate IAM policies; this needs TLS")
    parser.add_argument(
        "--durable", action="store_true", help="begin with what --data has, and leave it there"
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _stop_with_parent()
    try:
        _run(options)
    finally:
        if not options.durable:
            shutil.rmtree(options.data, ignore_errors=True)
        _end_functions()


def _organization(options: argparse.Namespace) -> dict[str, Any]:
    """Return the organisation as the settings have it; by default our account administers it."""
    others = [account.id for account in ACCOUNTS if account.id != options.account]
    place = {"administrator": options.account, "members": others, "home_region": options.region}
    return {name: options.settings.get(name) or value for name, value in place.items()}


def _run(options: argparse.Namespace) -> None:
    crashes = CrashRecorder(options.data)
    crashes.install()
    prepare_environment(options, port_of(options.listener))
    check_ministack()
    share_code(options.data / "code")
    names = {"account_names": {account.id: account.name for account in ACCOUNTS}}
    settings = HubSettings.from_json(names | options.settings | _organization(options))
    gateway = Gateway(settings, (options.account, options.region), options.batching_window)
    gateway.install()
    stored = options.data / "hubs.pickle"
    if options.durable and stored.exists():
        gateway.hubs.restore(stored.read_bytes())
    asyncio.run(serve(gateway, options.listener, crashes))
    if options.durable:
        stored.write_bytes(gateway.hubs.stored())


if __name__ == "__main__":
    main()
