"""Gives a client the sandbox's answers without a connection, which costs more than the answers."""

from __future__ import annotations

from io import BytesIO

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from iaminsights.ibmcloud.client import Client
from iaminsights.sandbox import Sandbox


class _Direct(HTTPAdapter):
    """Asks the sandbox itself; all before and after that is as over HTTP."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def send(self, request: requests.PreparedRequest, *_: object, **__: object):
        body = request.body or b""
        answer = self._sandbox.answer(
            request.method,
            request.path_url,
            request.headers,
            body.encode() if isinstance(body, str) else body,
        )
        assert (answer.delivery, answer.delay) == ("whole", 0), "this takes a connection"
        kind, content = answer.body() or ("", b"")
        raw = HTTPResponse(
            body=BytesIO(content),
            headers={**({"Content-Type": kind} if kind else {}), **answer.headers},
            status=answer.status,
            preload_content=False,
        )
        return self.build_response(request, raw)


def connect(client: Client, sandbox: Sandbox) -> None:
    """Let the client ask this sandbox, from now on, without a connection."""
    client._session.mount(sandbox.url, _Direct(sandbox))
