"""HTTP on loopback: connections in, bytes out. What is answered is decided elsewhere."""

import contextlib
import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LoopbackServer(ThreadingHTTPServer):
    """A thread per connection, all of which end with the server.

    `answer(method, target, headers, body)` gives (status, headers, content); content is a text,
    sent as a page, or anything else, sent as JSON.
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
        status, headers, content = self.server.answer(self.command, self.path, self.headers, body)
        is_page = isinstance(content, str)
        payload = (content if is_page else json.dumps(content, ensure_ascii=False)).encode()
        self.server.stopping.wait(self.server.latency)
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_page else "application/json")
        self.send_header("Content-Length", str(len(payload)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _respond

    def log_message(self, format, *args):
        """Say nothing: the sandbox keeps a record of its requests."""
