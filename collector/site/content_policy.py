"""What a page of the site may load and run, as a Content-Security-Policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .inline_scripts import script_hash, template_hashes

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


@dataclass
class Page:
    """What the page of one request needs beyond the scripts of templates.

    `scripts` are those that plugins add to it; `evaluates` whether it runs code made from text,
    as Vega does to draw; `draws_with` the addresses of what is loaded for that.
    """

    scripts: list[str] = field(default_factory=list)
    evaluates: bool = False
    draws_with: list[str] = field(default_factory=list)


def page_policy(datasette: Any, page: Page) -> str:
    """The policy of one page: it runs the scripts of templates and plugins, and no other."""
    hashes = [*template_hashes(datasette), *map(script_hash, page.scripts)]
    allowed = [f" '{one}'" for one in dict.fromkeys(hashes)]
    if page.evaluates:
        allowed.append(" 'unsafe-eval'")
    return "; ".join(PAGE_POLICY).format(scripts="".join(allowed))
