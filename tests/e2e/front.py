"""A front before the reference platform that can be switched while somebody watches: pass, fail, or be gone."""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    upstream = ""
    failing = False


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        status, body = (500, b"planted") if self.server.failing else self._forward()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _forward(self) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.server.upstream, timeout=10)
        try:
            connection.request("GET", self.path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log_message(self, *_: object) -> None:
        pass


class Front:
    """One front, at `url`."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_port}"

    def fail(self) -> None:
        """Answer 500 to everything from now on."""
        self._server.failing = True

    def go(self) -> None:
        """Refuse connections from now on."""
        self._server.shutdown()
        self._server.server_close()


@contextlib.contextmanager
def front(upstream: str) -> Iterator[Front]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.upstream = urlsplit(upstream).netloc
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Front(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
