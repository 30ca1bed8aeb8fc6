"""A real HTTP server that answers as a test tells it, for what no healthy service would say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer; a dict or list as body is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Scripted:
    """A running server: its URL, and the requests that it got as (method, target, headers)."""

    url: str
    requests: list[tuple[str, str, dict[str, str]]]


@contextmanager
def scripted(answer: Callable[[str], Answer]):
    """Serve `answer(target)` for each request on a free port of this machine."""
    requests: list[tuple[str, str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            requests.append((self.command, self.path, {**self.headers, "body": body.decode()}))
            reply = answer(self.path)
            payload = reply.body
            kind = "text/html"
            if not isinstance(payload, bytes):
                payload, kind = json.dumps(payload).encode(), "application/json"
            self.send_response(reply.status)
            for name, value in {
                "Content-Type": kind,
                "Content-Length": str(len(payload)),
                **reply.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Scripted(f"http://127.0.0.1:{server.server_port}", requests)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
