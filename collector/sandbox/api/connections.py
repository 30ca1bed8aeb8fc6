"""HTTP on loopback: connections in, bytes out. What is answered is decided elsewhere."""

import contextlib
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What is sent: a content that is a text as a page, None as nothing, all else as JSON.

    `delivery` is a key of _Connection.DELIVERIES; `delay` are seconds beside the latency.
    """

    status: int
    headers: Mapping
    content: object
    delivery: str = "whole"
    delay: float = 0.0

    def body(self):
        """(content type, bytes) of the body, or None if it has none."""
        if self.content is None:
            return None
        if isinstance(self.content, str):
            return "text/html", self.content.encode()
        return "application/json", json.dumps(self.content, ensure_ascii=False).encode()


class LoopbackServer(ThreadingHTTPServer):
    """A thread per connection, all of which end with the server.

    `answer(method, target, headers, body)` gives the Answer to a request.
    """

    daemon_threads = True
    # Clients that connect all at once must not be turned away.
    request_queue_size = 128

    def __init__(self, port, latency, answer):
        super().__init__(("127.0.0.1", port), _Connection)
        self.latency = latency
        self.answer = answer
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._open = {}  # socket: the thread that serves it
        self.most_open = 0
        self._main = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def start(self):
        """Serve in the background; the port has been open since the server was made."""
        self._main.start()

    def stop(self):
        """Close the port and every connection, and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        self._main.join()
        self.server_close()
        with self._lock:
            connections = list(self._open.items())
        for connection, _ in connections:
            # Wakes a thread that waits for the next request of a client that keeps its connection.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for _, thread in connections:
            thread.join()

    def process_request_thread(self, request, client_address):
        """Keep the book of open connections that `stop` reads."""
        with self._lock:
            self._open[request] = threading.current_thread()
            self.most_open = max(self.most_open, len(self._open))
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def handle_error(self, request, client_address):
        """A client that hangs up is no error of ours; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    """One connection; HTTP/1.1, so that clients may keep it open."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sandbox", ""
    # An answer leaves in one piece and at once: otherwise it waits for the client's delayed
    # acknowledgement of its headers, 40 ms on every request of a kept connection.
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def _respond(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.answer(self.command, self.path, self.headers, body)
        self.server.stopping.wait(self.server.latency + answer.delay)
        self.DELIVERIES[answer.delivery](self, answer)

    def _send(self, answer, part=1.0):
        """Send the answer, of its body only the first `part`."""
        body = answer.body()
        if body is None:
            self._send_head(answer)
            return
        kind, payload = body
        self._send_head(answer, ("Content-Type", kind), ("Content-Length", str(len(payload))))
        if self.command != "HEAD":
            self.wfile.write(payload[: int(len(payload) * part)])

    def _send_head(self, answer, *about_the_body):
        self.send_response(answer.status)
        for name, value in (*about_the_body, *answer.headers.items()):
            self.send_header(name, value)
        self.end_headers()

    def _cut_short(self, answer):
        self._send(answer, part=0.5)
        self.close_connection = True

    def _reset(self, answer):
        """Close without an answer in the way that makes TCP report a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def _keep_silent(self, answer):
        """Wait until the client hangs up, or `stop` does in its place."""
        self.close_connection = True
        self.connection.recv(1)

    DELIVERIES = {
        "whole": _send,
        "truncated": _cut_short,
        "reset": _reset,
        "hang": _keep_silent,
    }

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _respond

    def log_message(self, format, *args):
        """Say nothing: the sandbox keeps a record of its requests."""
