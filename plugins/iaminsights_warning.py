"""Warns on the home page where other machines reach the site and nobody must log in."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterator
from ipaddress import ip_address

from datasette import hookimpl

WARNING = (
    "This site accepts connections from other machines and requires no login: "
    "anyone who can reach it can read all of this data."
)


@hookimpl
def extra_template_vars(datasette, request):
    return {"warning_of": functools.partial(_warning, datasette, request)}


async def _warning(datasette, request) -> str | None:
    """What to tell everybody if anybody can read this site; None if all is well."""
    if request is not None and _listens_beyond_this_machine(request.scope, sys.argv):
        for name in datasette.databases:
            visible, _ = await datasette.check_visibility(
                None, permissions=[("view-database", name), "view-instance"]
            )
            if visible:
                return WARNING
    return None


def _listens_beyond_this_machine(scope, arguments: list[str]) -> bool:
    """Whether this request came in from elsewhere, or another one could, by the command's --host.

    The address of a request alone does not tell: under --host 0.0.0.0 one from this machine comes
    in at 127.0.0.1. One through a Unix domain socket has no port.
    """
    host, port = scope.get("server") or (None, None)
    if port is None:
        return False
    return not all(map(_is_loopback, [host, *_hosts(arguments)]))


def _hosts(arguments: list[str]) -> Iterator[str]:
    """The values of --host and -h, in each way that a command line may write them."""
    for argument, following in zip(arguments[1:], [*arguments[2:], ""], strict=False):
        if found := re.fullmatch(r"--host(?:=(.*))?|-o?h(.+)?", argument, re.DOTALL):
            attached = found[1] if found[1] is not None else found[2]
            yield following if attached is None else attached.removeprefix("=")


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:  # a name
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
