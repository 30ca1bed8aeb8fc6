"""Collects one account: walks RESOURCES, asks in parallel, writes a draft, puts it in place.

The only module that knows both the API (through the client) and the file (through the draft).
Pages are fetched by a pool of threads; rows are made and written by the calling thread alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import __version__
from .client import Client, Page
from .database import Draft, next_collection_id, public_group_id
from .errors import AccessDenied, ObjectError, RequestError
from .resources import RESOURCES, Resource
from .rows import Context
from .schema import TABLE, TABLES

PARTS: tuple[str, ...] = tuple(dict.fromkeys(resource.part for resource in RESOURCES))


@dataclass
class Step:
    """What became of one part: kept as a row of collection_steps."""

    part: str
    status: str = "ok"
    started_at: str | None = None
    finished_at: str | None = None
    requests: int = 0
    rows: int = 0
    messages: list[str] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Summary:
    """What a collect brought: its account, its steps in the order of RESOURCES, its size."""

    account_id: str
    account_name: str
    steps: tuple[Step, ...]
    requests: int
    rows: int
    seconds: float

    @property
    def denied(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.status == "denied")


@dataclass(frozen=True)
class _Ask:
    """One page to ask for; `seen` holds the continuations of its listing so far."""

    resource: Resource
    context: Context
    params: Mapping[str, str]
    seen: frozenset[tuple[tuple[str, str], ...]] = frozenset()


def collect(
    client: Client,
    target: Path,
    *,
    only: Collection[str] = (),
    concurrency: int = 16,
    progress: Callable[[Step, bool], None] = lambda step, finished: None,
) -> Summary:
    """Collect the account of the client's token into the file.

    With `only`, other parts stay as the file has them. `progress` is called with a part's
    step after each page, and with True once the part is complete. Any error but a denied
    part leaves the file as it was and is raised as InsightsError.
    """
    started, clock = _now(), time.monotonic()
    account_id = client.claims.account_id
    context = Context(account_id, public_group=public_group_id(target, account_id))
    with Draft(target) as draft:
        run = _Run(client, draft, context, only, progress)
        run.walk(concurrency)
        if run.account_name is None:  # the account itself may not be read: only its ID is known
            draft.add("accounts", _row("accounts", account_id=account_id, name=account_id))
        steps = tuple(step for step in run.steps.values() if step.part in run.selected)
        for step in steps:
            step.rows = draft.count(step.part)
        summary = Summary(
            account_id,
            run.account_name or account_id,
            steps,
            client.requests,
            sum(draft.count(table.name) for table in TABLES),
            time.monotonic() - clock,
        )
        denied = {step.part for step in summary.denied}
        _record(draft, summary, next_collection_id(target), started, client.claims.iam_id)
        draft.complete(account_id, kept_parts=denied | (set(PARTS) - run.selected))
        draft.publish()
    return replace(summary, seconds=time.monotonic() - clock)


class _Run:
    """One walk over RESOURCES, with its open asks."""

    def __init__(
        self,
        client: Client,
        draft: Draft,
        context: Context,
        only: Collection[str],
        progress: Callable[[Step, bool], None],
    ) -> None:
        self.selected = {"accounts", *(only or PARTS)}
        self.steps = {part: Step(part) for part in PARTS}
        self.account_name: str | None = None
        self._client = client
        self._draft = draft
        self._context = context
        self._progress = progress
        self._resources = [r for r in RESOURCES if r.part in self._needed()]
        self._open: Counter[str] = Counter()
        self._asked: set[tuple[int, str]] = set()
        self._finished: set[str] = set()
        self._pending: dict[Future[Page], _Ask] = {}

    def walk(self, concurrency: int) -> None:
        """Ask for everything; raises the first error that is no denied part."""
        with ThreadPoolExecutor(concurrency) as self._pool:
            try:
                for resource in self._resources:
                    if resource.each is None and not resource.last:
                        self._start(resource, self._context)
                while self._pending:
                    done, _ = wait(self._pending, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._receive(self._pending.pop(future), future)
            except BaseException:
                self._pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _needed(self) -> set[str]:
        """The selected parts, and those whose objects they are asked for."""
        parents = {r.each.part for r in RESOURCES if r.part in self.selected and r.each}
        return self.selected | parents

    def _start(self, resource: Resource, context: Context) -> None:
        for variant in resource.variants:
            params = {
                name: value.format(account=context.account_id, key=context.key)
                for name, value in {**resource.params, **variant}.items()
            }
            self._submit(_Ask(resource, context, params))

    def _submit(self, ask: _Ask) -> None:
        step = self.steps[ask.resource.part]
        step.started_at = step.started_at or _now()
        step.requests += 1
        self._open[step.part] += 1
        path = ask.resource.path.format(
            account=quote(ask.context.account_id, safe=""), key=quote(ask.context.key, safe="")
        )
        future = self._pool.submit(
            self._client.page, ask.resource.service, path, ask.params, ask.resource.items
        )
        self._pending[future] = ask

    def _receive(self, ask: _Ask, future: Future[Page]) -> None:
        step = self.steps[ask.resource.part]
        try:
            page = future.result()
            for item in page.objects:
                self._load(ask, item)
            if page.continuation:
                self._submit(_next(ask, page.continuation))
        except AccessDenied as error:
            self._refused(ask, step, error)
        except (ObjectError, RequestError) as error:
            raise type(error)(f"{step.part}: {error}") from None
        self._open[step.part] -= 1
        self._progress(step, False)
        self._settle(step.part)

    def _load(self, ask: _Ask, item: Any) -> None:
        if not isinstance(item, dict):
            raise ObjectError(f"an object of the answer is no JSON object but {item!r:.80}")
        resource, writing = ask.resource, ask.resource.part in self.selected
        first = True
        for table, row in resource.rows(item, ask.context):
            if first and resource.last and self._draft.has(table, row["id"]):
                return
            first = False
            if writing:
                self._draft.add(table, row)
                if table == "accounts":
                    self.account_name = row["name"] or row["account_id"]
                self.steps[resource.part].rows += table == resource.part
        for child in self._resources:
            if child.each and child.each.part == resource.part:
                for key in child.each.keys(item):
                    self._start_once(child, key)

    def _start_once(self, resource: Resource, key: str) -> None:
        mark = (self._resources.index(resource), key)
        if mark not in self._asked:
            self._asked.add(mark)
            self._start(resource, replace(self._context, key=key))

    def _refused(self, ask: _Ask, step: Step, error: AccessDenied) -> None:
        resource = ask.resource
        if resource.fallback is not None:
            self._start(resource.fallback, ask.context)
        elif not (resource.optional and error.status == 404):
            step.status = "denied"
            step.roles.add(resource.role)
            if len(step.messages) < 3:  # one of two thousand profiles is like the next
                step.messages.append(str(error))

    def _settle(self, part: str) -> None:
        """Note that a part is complete, start what waited for it, and look at its children."""
        if part in self._finished or self._open[part]:
            return
        parents = {r.each.part for r in self._resources if r.part == part and r.each}
        if not parents <= self._finished:
            return
        for resource in self._resources:
            if resource.last and resource.part == part:
                self._start_once(resource, "")
        if self._open[part]:
            return
        self._finished.add(part)
        step = self.steps[part]
        step.finished_at = _now()
        for parent in sorted(p for p in parents if self.steps[p].status == "denied"):
            step.status = "denied"
            step.roles |= self.steps[parent].roles
            step.messages.append(f"{part} could not be asked for: {parent} were denied.")
        if part in self.selected:
            self._progress(step, True)
        for resource in self._resources:
            if resource.each and resource.each.part == part:
                self._settle(resource.part)


def _next(ask: _Ask, continuation: Mapping[str, str]) -> _Ask:
    mark = tuple(sorted(continuation.items()))
    if mark in ask.seen:
        raise RequestError(f"{ask.resource.path} names the same next page again; it never ends.")
    return replace(ask, params={**ask.params, **continuation}, seen=ask.seen | {mark})


def _row(table: str, **values: Any) -> dict[str, Any]:
    return {column.name: values.get(column.name) for column in TABLE[table].columns}


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _record(draft: Draft, summary: Summary, number: int, started: str, collected_by: str) -> None:
    draft.add(
        "collections",
        _row(
            "collections",
            id=number,
            account_id=summary.account_id,
            collected_by=collected_by,
            started_at=started,
            finished_at=_now(),
            requests=summary.requests,
            rows=summary.rows,
            status="denied" if summary.denied else "ok",
            version=__version__,
        ),
    )
    for step in summary.steps:
        draft.add(
            "collection_steps",
            _row(
                "collection_steps",
                collection_id=number,
                resource=step.part,
                status=step.status,
                started_at=step.started_at,
                finished_at=step.finished_at,
                requests=step.requests,
                rows=step.rows,
                message="\n".join(step.messages) or None,
            ),
        )
