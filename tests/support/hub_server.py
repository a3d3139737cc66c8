"""A hub in memory behind HTTP, for real clients in this process and in others."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from hubtriage.localaws.securityhub.http.service import HttpRequest, Hubs, SecurityHubService
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.triage_world import NOW, TRIAGE

HOME = ("111122223333", "eu-west-1")


@contextmanager
def hub_server(
    settings: HubSettings | None = None, clock: Callable[[], float] = lambda: NOW
) -> Iterator[tuple[Hub, str]]:
    """Serve a hub, a still one by default; give the hub and its address."""
    hubs = Hubs(settings or HubSettings.still(), HOME)
    service = SecurityHubService(hubs, clock)

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = urlsplit(self.path)
            answer = service.answer(
                HttpRequest(self.command, url.path, parse_qs(url.query), body, *HOME, caller=TRIAGE)
            )
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_DELETE = do_PATCH = do_POST = answer  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hubs.of(*HOME), f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
