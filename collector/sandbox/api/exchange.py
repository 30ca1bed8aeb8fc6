"""What a handler sees of a request, and what it may answer with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from ..account.account import Account
from .errors import ApiError
from .jobs import Jobs


def unchanged(request, row):
    """A row that is sent as it is kept."""
    return row


@dataclass(frozen=True)
class Request:
    """One request to one API operation, its token already checked."""

    method: str
    path: str
    query: Mapping
    #: URL under which the service is mounted; absolute links begin with it.
    base: str
    transaction_id: str
    #: The route's name, what IAM calls the action behind it, and the variables of its path.
    operation: str = ""
    action: str = ""
    variables: Mapping = field(default_factory=dict)
    form: Mapping = field(default_factory=dict)
    #: The body as it came, and what a listing with a body finds in it.
    body: bytes = b""
    document: Mapping = field(default_factory=dict)
    #: Index of the first row of the page asked for, where a page token says so.
    position: int = 0
    #: The account and the IAM ID that the bearer token stands for.
    account: Account | None = None
    caller: str = ""
    #: Every account of the sandbox, for the operations that look beyond the token's.
    accounts: tuple = ()
    #: The reports that this sandbox was asked to make.
    jobs: Jobs | None = None
    #: The time of the request and the life of a new token, in seconds.
    now: int = 0
    token_lifetime: int = 3600

    def flag(self, name):
        """Whether a boolean parameter is `true`; nothing else counts, `True` included."""
        return self.query.get(name) == "true"

    def number(self, name, default, lowest, highest=None):
        """A numeric parameter; too large is cut to `highest` without a word, too small refused."""
        text = self.query.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or int(text) < lowest:
            raise ApiError("bad_parameter", f"The value {text!r} of {name} is not valid.")
        return int(text) if highest is None else min(int(text), highest)

    def choice(self, name, allowed, default=None):
        """A parameter that takes one of a few values."""
        value = self.query.get(name, default)
        if value is not None and value not in allowed:
            raise ApiError(
                "bad_parameter",
                f"The value {value!r} of {name} is not one of {', '.join(allowed)}.",
            )
        return value

    def require_account(self):
        """Refuse a request that names no account, or another one than the token's."""
        if not self.query.get("account_id"):
            raise ApiError("missing_parameter", "The query parameter account_id is required.")
        self.check_account(self.query["account_id"])

    def check_account(self, account_id):
        """Refuse another account than the token's."""
        if account_id != self.account.account_id:
            raise ApiError("forbidden")

    def link(self, path, query=()):
        """An absolute URL at this service; each field of its query has the form name=value."""
        return f"{self.base}{path}?{urlencode(query)}" if query else self.base + path


@dataclass(frozen=True)
class Listing:
    """What a listing found: all rows that match, and how one of them is sent."""

    rows: list
    item: Callable = unchanged  # (request, row) -> what is sent; asked for the page's rows only


@dataclass(frozen=True)
class Reply:
    """An answer that needs more than a JSON body with status 200; a body of None is no body."""

    body: object
    headers: Mapping = field(default_factory=dict)
    status: int = 200
