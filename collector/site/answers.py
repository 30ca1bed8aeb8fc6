"""Answers of our own pages, with what Datasette gives to its own."""

from __future__ import annotations

from typing import Any

from datasette import Response
from datasette.utils import add_cors_headers


def cors_headers(datasette: Any) -> dict[str, str]:
    """The headers that let pages of other sites read an answer, where the site is served so."""
    headers: dict[str, str] = {}
    if datasette.cors:
        add_cors_headers(headers)
    return headers


def json_answer(datasette: Any, data: Any, status: int = 200) -> Any:
    """Data as JSON."""
    return Response.json(data, status=status, headers=cors_headers(datasette))
