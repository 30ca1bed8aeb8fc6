"""Keeps what the site shows inside the site, and warns where anyone may read it."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from weakref import WeakKeyDictionary

from datasette import hookimpl
from datasette.utils import await_me_maybe
from jinja2 import Environment

NAME = "iaminsights_safety"  # under `plugins` in a metadata file

# What is no page (JSON, CSV, scripts, pictures) loads nothing, should a browser show it as one.
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

# What a page may load: its own host's files and nothing else, so that no data leaves by a page.
PAGE_POLICY = (
    "default-src 'none'",
    # Files of this host, and inline scripts by their hash. That is safe with rows that come from
    # anybody: JSON and CSV never run as scripts, for nosniff stands beside this policy.
    "script-src 'self'{scripts}",
    # Inline style, in elements and attributes: Datasette writes the names of columns and the
    # colours of databases there, and Vega and CodeMirror make style as they draw. Nothing that
    # style could load is allowed from another host, so it cannot carry data away either.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",  # Datasette's own style sheets have pictures written into them
    "connect-src 'self'",  # datasette-vega asks for the rows of its chart
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # addresses of pages hold names and IDs
    "x-frame-options": "DENY",
}

WARNING = (
    "This site listens to other machines and asks nobody to log in: "
    "whoever can reach it can read all of this."
)


# --- Headers ------------------------------------------------------------------------------------


class Page:
    """What making the page of one request has found that its policy must allow.

    (No dataclass: under `datasette .` this file is run without being a module that one can find.)
    """

    def __init__(self) -> None:
        self.scripts: list[str] = []
        self.evaluates = False


@hookimpl(trylast=True)  # the outermost, so that answers of other plugins have the headers, too
def asgi_wrapper(datasette):
    def wrap(app):
        async def with_headers(scope, receive, send):
            if scope["type"] != "http":
                return await app(scope, receive, send)
            page = Page()

            async def send_with_headers(message):
                if message["type"] == "http.response.start":
                    message = {**message, "headers": _completed(datasette, page, message)}
                await send(message)

            # Datasette hands copies of this dictionary on, each with the very same page in it.
            return await app({**scope, NAME: page}, receive, send_with_headers)

        return with_headers

    return wrap


def _completed(datasette, page: Page, message) -> list[tuple[bytes, bytes]]:
    """The headers of an answer and those of ours that it does not have yet."""
    present = [(name.lower(), value) for name, value in message.get("headers", ())]
    kind = dict(present).get(b"content-type", b"")
    policy = DATA_POLICY
    if kind.startswith(b"text/html"):
        policy = (datasette.plugin_config(NAME) or {}).get("content_security_policy")
        if policy is None:
            policy = _page_policy(datasette, page)
    ours = {**HEADERS, **({"content-security-policy": policy} if policy else {})}
    taken = {name for name, _ in present}
    return present + [
        (name.encode(), value.encode())
        for name, value in ours.items()
        if name.encode() not in taken
    ]


def _page_policy(datasette, page: Page) -> str:
    hashes = [*_template_hashes(datasette), *map(_hash, page.scripts)]
    allowed = [f" '{one}'" for one in dict.fromkeys(hashes)]
    if page.evaluates:
        allowed.append(" 'unsafe-eval'")
    return "; ".join(PAGE_POLICY).format(scripts="".join(allowed))


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.replace("\r\n", "\n").encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


# --- Inline scripts: those that templates and plugins write, never those that a page has ---------

# Hashes are taken of sources, before anything is filled in. A hash of what a finished page holds
# would allow whatever somebody had managed to put into that page.

_hashes: WeakKeyDictionary = WeakKeyDictionary()  # of the templates, by Datasette

# All that Datasette can fill into a script of its templates. Scripts with other values in them
# are not allowed: no hash can be known before.
FILLED_IN = {"{{ datasette_allow_facet }}": ("true", "false")}


def _template_hashes(datasette) -> list[str]:
    if datasette not in _hashes:
        scripts = _scripts_of_templates(datasette.jinja_env)
        _hashes[datasette] = sorted({_hash(script) for script in scripts})
    return _hashes[datasette]


def _scripts_of_templates(environment: Environment) -> Iterator[str]:
    """The inline scripts that stand in templates: Datasette's, plugins' and the user's own."""
    for name in environment.list_templates(["html"]):
        source, _, _ = environment.loader.get_source(environment, name)
        for script in re.findall(r"<script>(.*?)</script>", source, re.DOTALL | re.IGNORECASE):
            yield from _filled_in(script)


def _filled_in(script: str) -> Iterable[str]:
    for expression, values in FILLED_IN.items():
        if expression in script:
            variants = (script.replace(expression, value) for value in values)
            return [text for variant in variants for text in _filled_in(variant)]
    return [] if re.search(r"\{[{%#]", script) else [script]


@hookimpl(hookwrapper=True)
def extra_body_script(request):
    """Note the scripts that plugins add to a page; they are as much code of the site as its own."""
    outcome = yield
    if request is None or NAME not in request.scope:
        return
    page = request.scope[NAME]

    def noted(script):
        async def note():
            final = await await_me_maybe(script)
            if script_text := final["script"] if isinstance(final, dict) else final:
                page.scripts.append(script_text)
            return final

        return note

    outcome.force_result([noted(script) for script in outcome.get_result()])


# --- Charts: the one thing that evaluates code ---------------------------------------------------


@hookimpl(hookwrapper=True)
def extra_js_urls(view_name, columns, request):
    """Load datasette-vega only where it can draw; Vega does nothing without 'unsafe-eval'.

    The page of a table or query allows it, and no other page: neither the home page nor a login.
    """
    outcome = yield
    if request is None or NAME not in request.scope:
        return
    if view_name in ("table", "database") and columns:
        request.scope[NAME].evaluates = True
        return

    def without_vega(urls):
        async def filtered():
            return [url for url in await await_me_maybe(urls) if "datasette_vega" not in str(url)]

        return filtered

    outcome.force_result([without_vega(urls) for urls in outcome.get_result()])


# --- The warning ---------------------------------------------------------------------------------


@hookimpl
def extra_template_vars(datasette, request):
    async def warning_of() -> str | None:
        """What to tell everybody if anybody can read this site; None if all is well."""
        if request is not None and _listens_beyond_this_machine(request.scope, sys.argv):
            for name in datasette.databases:
                visible, _ = await datasette.check_visibility(
                    None, permissions=[("view-database", name), "view-instance"]
                )
                if visible:
                    return WARNING
        return None

    return {"warning_of": warning_of}


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
