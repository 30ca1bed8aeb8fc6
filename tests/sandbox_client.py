"""A bare HTTP client for the tests of the sandbox: it adds a token and hides nothing else."""

from __future__ import annotations

import requests

from iaminsights.sandbox import Account, Sandbox


class Caller:
    """Asks one sandbox with the token of one account; `services` are the mounted paths."""

    def __init__(self, sandbox: Sandbox, account: Account | None = None):
        self.sandbox = sandbox
        self.account = account or sandbox.accounts[0]
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {sandbox.token_for(self.account)}"

    def request(self, method: str, path: str, **options) -> requests.Response:
        """The raw answer; `path` begins with the mount of a service."""
        return self.session.request(method, self.sandbox.url + path, timeout=60, **options)

    def get(self, path: str, **query) -> dict:
        """The JSON of an answer that must be a success."""
        response = self.request("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def iam(self, path: str, **query) -> dict:
        """The same for a listing of IAM, which wants the account as a parameter."""
        return self.get(f"/iam{path}", account_id=self.account.account_id, **query)

    def refused(self, path: str, status: int, method: str = "GET", **options) -> dict:
        """The JSON of an answer that must be a refusal with this status."""
        response = self.request(method, path, **options)
        assert response.status_code == status, response.text
        return response.json()

    def close(self) -> None:
        self.session.close()


def names(rows: list[dict]) -> list[str]:
    return [row["name"] for row in rows]
