"""How fast a collect is, as ratios measured side by side in one run.

    python benchmarks/collect.py [--quick]

Prints, on an account at IBM Cloud's limits answered with 20 ms latency: concurrency 16 against
1 and against the floor (requests x latency / 16, plus writing); writing against sqlite3's plain
executemany of the same rows; and how requests, seconds, memory and file size grow from the
sample account to four times the limits. The sandbox and each collect run in processes of
their own. --quick leaves out concurrency 1 and the four-fold account.
"""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from reports import FOURFOLD, account

from iaminsights.collect import collect
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import find_credential
from iaminsights.reports.catalogue import all_reports
from iaminsights.sandbox import Sandbox
from iaminsights.store.draft import Draft
from iaminsights.store.schema import TABLES

LATENCY = 0.02  # seconds
CONCURRENCY = 16
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Run:
    """One collect: rows and requests, wall and processor seconds, MiB at most, MiB of file."""

    rows: int
    requests: int
    seconds: float
    processor: float
    memory: float
    file: float


def _serve(size: str, latency: float, ready) -> None:
    with Sandbox(account(size), latency=latency) as sandbox:
        ready.send(sandbox.environment)
        ready.recv()  # until the other end is closed or says so


@contextmanager
def served(size: str, latency: float):
    """The environment of a sandbox in another process."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(size, latency, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join()


def _collect(environment: dict[str, str], path: Path, concurrency: int, answer) -> None:
    clock, processor = time.monotonic(), time.process_time()
    with closing(Client(find_credential(None, environment), environment, concurrency)) as client:
        summary = collect(client, path, concurrency=concurrency, reports=all_reports())
    answer.send(
        Run(
            summary.rows,
            summary.requests,
            time.monotonic() - clock,
            time.process_time() - processor,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            path.stat().st_size / 2**20,
        )
    )


def collected(environment: dict[str, str], path: Path, concurrency: int = CONCURRENCY) -> Run:
    """A collect in a process of its own, into a new file."""
    path.unlink(missing_ok=True)
    ours, theirs = _CONTEXT.Pipe()
    arguments = (environment, path, concurrency, theirs)
    process = _CONTEXT.Process(target=_collect, args=arguments)
    process.start()
    run = ours.recv()
    process.join()
    return run


def writing(path: Path) -> tuple[float, float]:
    """Seconds to write a collected file's rows: through a draft, and by plain executemany.

    Both with the same tables and one transaction; the draft also adds identities, indexes,
    views and statistics, checks the file and puts it in place.
    """
    with closing(sqlite3.connect(path)) as source:
        names = [table.name for table in TABLES if table.name != "identities"]
        rows = {name: source.execute(f"select * from [{name}]").fetchall() for name in names}
        script = "\n".join(
            f"{sql};"
            for table, sql in source.execute(
                "select tbl_name, sql from sqlite_master where type in ('table', 'index') "
                "and sql not null order by type desc"
            )
            if table in {known.name for known in TABLES}
        )
        account_id = source.execute("select account_id from accounts").fetchone()[0]
    dictionaries = {
        name: [dict(zip([c.name for c in TABLES[i].columns], row, strict=True)) for row in table]
        for i, (name, table) in ((_index(name), (name, table)) for name, table in rows.items())
    }
    with tempfile.TemporaryDirectory() as folder:
        clock = time.monotonic()
        with Draft(Path(folder) / "draft.sqlite3") as draft:
            for name, table in dictionaries.items():
                for row in table:
                    draft.add(name, row)
            draft.complete(account_id, (), "2026-01-01T00:00:00Z")
            draft.publish()
        ours = time.monotonic() - clock

        clock = time.monotonic()
        with closing(sqlite3.connect(Path(folder) / "plain.sqlite3")) as plain:
            plain.executescript(script)
            for name, table in rows.items():
                if table:
                    places = ", ".join("?" * len(table[0]))
                    plain.executemany(f"insert into [{name}] values ({places})", table)
            plain.commit()
        return ours, time.monotonic() - clock


def _index(name: str) -> int:
    return next(i for i, table in enumerate(TABLES) if table.name == name)


def main() -> None:
    quick = "--quick" in sys.argv
    sizes = ["small", "medium", "limits", *([] if quick else [FOURFOLD])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "iaminsights.sqlite3"
        print(f"growth, {LATENCY * 1000:.0f} ms latency, concurrency {CONCURRENCY}")
        print(
            f"{'size':<12}{'requests':>10}{'rows':>10}{'seconds':>9}{'processor':>11}{'MiB':>6}"
            f"{'file MiB':>10}"
        )
        for size in sizes:
            with served(size, LATENCY) as environment:
                run = collected(environment, path)
                print(
                    f"{size:<12}{run.requests:>10,}{run.rows:>10,}{run.seconds:>9.2f}"
                    f"{run.processor:>11.2f}{run.memory:>6.0f}{run.file:>10.1f}",
                    flush=True,
                )
                if size == "limits":
                    limits, alone = run, None if quick else collected(environment, path, 1)
                    ours, plain = writing(path)
        floor = limits.requests * LATENCY / CONCURRENCY
        print(f"\nwriting {limits.rows:,} rows: {ours / plain:.2f} times executemany", end=" ")
        print(f"({ours:.2f} s against {plain:.2f} s)")
        print(
            f"concurrency {CONCURRENCY}: {(limits.seconds - ours) / floor:.2f} times the floor of"
        )
        print(f"  {limits.requests:,} requests x {LATENCY} s / {CONCURRENCY} = {floor:.2f} s")
        print(f"  ({limits.seconds:.2f} s in all, {limits.processor:.2f} s of processor time;")
        print(
            f"  1.5 times the floor, and 6 s for facts and findings, are {1.5 * floor + 6:.2f} s)"
        )
        if alone:
            print(f"concurrency 1 takes {alone.seconds / limits.seconds:.1f} times as long")


if __name__ == "__main__":
    main()
