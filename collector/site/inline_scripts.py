"""Which inline scripts are the site's own: those that templates have, by their hashes.

Hashes are taken of sources, before anything is filled in. A hash of what a finished page holds
would allow whatever somebody had managed to put into that page.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from jinja2 import Environment

# All that Datasette can fill into a script of its templates. Scripts with other values in them
# are not allowed: no hash can be known before.
FILLED_IN = {"{{ datasette_allow_facet }}": ("true", "false")}

_known: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()  # hashes, by Datasette


def script_hash(script: str) -> str:
    """A script's hash as a Content-Security-Policy writes it: sha256-..., of the browser's text."""
    digest = hashlib.sha256(script.replace("\r\n", "\n").encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def template_hashes(datasette: Any) -> list[str]:
    """The hashes of the scripts in all templates: Datasette's, plugins' and the user's own."""
    if datasette not in _known:
        scripts = _scripts_of_templates(datasette.jinja_env)
        _known[datasette] = sorted({script_hash(script) for script in scripts})
    return _known[datasette]


def _scripts_of_templates(environment: Environment) -> Iterator[str]:
    for name in environment.list_templates(["html"]):
        if environment.loader is None:
            continue
        source, _, _ = environment.loader.get_source(environment, name)
        for script in re.findall(r"<script>(.*?)</script>", source, re.DOTALL | re.IGNORECASE):
            yield from _filled_in(script)


def _filled_in(script: str) -> Iterable[str]:
    """The script with each value that Datasette may fill in; none if others are filled in."""
    for expression, values in FILLED_IN.items():
        if expression in script:
            variants = (script.replace(expression, value) for value in values)
            return [text for variant in variants for text in _filled_in(variant)]
    return [] if re.search(r"\{[{%#]", script) else [script]
