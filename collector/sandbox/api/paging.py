"""The ways in which IBM Cloud's listings come in pages, each written once.

A `Paging` has two parts. `resume` takes the token of a further page out of a request and puts
`position`, the index of the page's first row, in its place. `page` makes one page's envelope
out of a listing. P1 to P10 are the names under which the API description has the styles.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from .errors import ApiError, response_context


@dataclass(frozen=True)
class Paging:
    """One style: how a request is resumed, and how one page of rows is wrapped."""

    page: Callable  # (request, listing) -> envelope
    resume: Callable = lambda request: request


def page_token(key):
    """P1, IAM Identity: full URLs with a token that stands for all other parameters too."""

    def page(request, listing):
        size = request.number("pagesize", 20, lowest=1)
        if size > 100:
            raise ApiError("bad_parameter", "The value of pagesize is not between 1 and 100.")

        def link(position):
            token = {"pagetoken": _token(position, request.query)} if position else {}
            return request.link(request.path, {**request.query, **token})

        begin, end = request.position, request.position + size
        envelope = {
            "context": response_context(request),
            "offset": begin,
            "limit": size,
            "first": link(0),
        }
        if begin:
            envelope["previous"] = link(max(0, begin - size))
        if end < len(listing.rows):
            envelope["next"] = link(end)
        return envelope | {key: _shown(request, listing, begin, end)}

    return Paging(page, _resuming("pagetoken"))


def offset_links(key):
    """P2, access groups: objects with an `href`, in whose query the offset stands."""

    def page(request, listing):
        limit = request.number("limit", 50, lowest=0, highest=100)
        begin = request.number("offset", 0, lowest=0)
        end = begin + limit
        last = (len(listing.rows) - 1) // limit * limit if limit and listing.rows else 0

        def link(offset):
            place = {"limit": limit, "offset": offset}
            return {"href": request.link(request.path, {**request.query, **place})}

        envelope = {
            "limit": limit,
            "offset": begin,
            "total_count": len(listing.rows),
            "first": link(0),
            "last": link(last),
        }
        if begin:
            envelope["previous"] = link(max(0, begin - limit))
        if limit and end < len(listing.rows):
            envelope["next"] = link(end)
        return envelope | {key: _shown(request, listing, begin, end)}

    return Paging(page)


def start_token(key):
    """P3, policies: `next.start`; everything in one page unless a `limit` is given."""

    def page(request, listing):
        limit = request.number("limit", None, lowest=1, highest=100)
        if limit is None:
            return {key: _shown(request, listing)}

        def link(position):
            start = _token(position, {"limit": limit})
            href = request.link(request.path, {**request.query, "start": start})
            return {"href": href, "start": start}

        begin, end = request.position, request.position + limit
        envelope = {"limit": limit, "first": {"href": request.link(request.path, request.query)}}
        if begin:
            envelope["previous"] = link(max(0, begin - limit))
        if end < len(listing.rows):
            envelope["next"] = link(end)
        return envelope | {key: _shown(request, listing, begin, end)}

    return Paging(page, _resuming("start"))


def underscore_start(key):
    """P4, users: a relative `next_url` with `_start`, left out on the last page."""

    def page(request, listing):
        limit = request.number("limit", 100, lowest=1, highest=100)
        begin, end = request.position, request.position + limit
        query = {**request.query, "limit": limit}
        envelope = {
            "total_results": len(listing.rows),
            "limit": limit,
            "first_url": f"{request.path}?{urlencode(query)}",
        }
        if end < len(listing.rows):
            envelope["next_url"] = f"{request.path}?{urlencode({**query, '_start': _token(end)})}"
        return envelope | {key: _shown(request, listing, begin, end)}

    return Paging(page, _resuming("_start"))


def start_cursor(key):
    """P5, Resource Controller: a relative `next_url` whose `start` overrules all parameters.

    The first page of several is short, as pages of the real service can be: whoever takes a
    page shorter than `limit` for the last one loses rows here.
    """

    def page(request, listing):
        limit = request.number("limit", 100, lowest=1, highest=100)
        begin = request.position
        end = begin + (limit if begin else max(1, limit * 7 // 10))
        next_url = None
        if end < len(listing.rows):
            next_url = f"{request.path}?{urlencode({'start': _token(end, request.query)})}"
        shown = _shown(request, listing, begin, end)
        return {"rows_count": len(shown), "next_url": next_url, key: shown}

    return Paging(page, _resuming("start", alone=True))


def next_docid():
    """P6, enterprise: a relative `next_url` with `next_docid`, left out on the last page."""

    def page(request, listing):
        limit = request.number("limit", 100, lowest=0, highest=100)
        begin, end = request.position, request.position + limit
        shown = _shown(request, listing, begin, end)
        envelope = {"rows_count": len(shown), "resources": shown}
        if limit and end < len(listing.rows):
            query = {**request.query, "limit": limit, "next_docid": _token(end)}
            envelope["next_url"] = f"{request.path}?{urlencode(query)}"
        return envelope

    return Paging(page, _resuming("next_docid"))


def plain_offset(key):
    """P7, tags: a total, and no link at all."""

    def page(request, listing):
        limit = request.number("limit", 100, lowest=1, highest=1000)
        begin = request.number("offset", 0, lowest=0)
        return {
            "total_count": len(listing.rows),
            "offset": begin,
            "limit": limit,
            key: _shown(request, listing, begin, begin + limit),
        }

    return Paging(page)


def search_cursor(key):
    """P8, search: question and cursor are in a JSON body, and a cursor overrules the question.

    A full page has a cursor even if it is the last one; the page after it is then empty.
    """

    def resume(request):
        document = _document(request)
        if "search_cursor" not in document:
            return replace(request, document=document)
        position, asked = _read(str(document["search_cursor"]))
        return replace(request, document=asked, position=position)

    def page(request, listing):
        limit = request.number("limit", 10, lowest=1, highest=1000)
        end = request.position + limit
        shown = _shown(request, listing, request.position, end)
        more = {"search_cursor": _token(end, request.document)} if len(shown) == limit else {}
        return {**more, "limit": limit, key: shown}

    return Paging(page, resume)


def counted(key):
    """P9 with a count, context-based restrictions."""
    return Paging(
        lambda request, listing: {"count": len(listing.rows), key: _shown(request, listing)}
    )


def whole(key):
    """P9: one body holds everything."""
    return Paging(lambda request, listing: {key: _shown(request, listing)})


def whole_with_next_url(key):
    """P10, accounts: a `next_url` that is null here, for nobody is a member of that many."""
    return Paging(lambda request, listing: {"next_url": None, key: _shown(request, listing)})


def _shown(request, listing, begin=0, end=None):
    return [listing.item(request, row) for row in listing.rows[begin:end]]


def _document(request):
    """The JSON object in a request's body; no body is an empty one."""
    try:
        document = json.loads(request.body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ApiError("bad_parameter", "The body is not a JSON object.")
    return document


def _resuming(parameter, alone=False):
    """A `resume` for tokens in `parameter`; `alone` means that it overrules all others."""

    def resume(request):
        query = dict(request.query)
        token = query.pop(parameter, None)
        if token is None:
            return replace(request, query=query)
        position, saved = _read(token)
        return replace(request, position=position, query=saved if alone else {**saved, **query})

    return resume


def _token(position, query=()):
    """An opaque token, of characters that need no quoting in a URL."""
    text = json.dumps([position, dict(query)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(token):
    """The position and the parameters in a token that `_token` made."""
    try:
        position, query = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return max(0, int(position)), dict(query)
    except (binascii.Error, ValueError, TypeError):
        raise ApiError("bad_parameter", "The page token is not valid.") from None
