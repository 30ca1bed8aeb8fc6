"""`iaminsights demo`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click

from ..collect import utc_now
from ..errors import DatabaseError
from ..ibmcloud.credentials import find_credential
from ..reports.catalogue import all_reports
from ..sandbox import EARLIER_BY, Sandbox, earlier_sample_account, sample_account
from ..store.file import accounts_in, check_target
from .group import database_argument, quiet_option
from .running import run_collect, say_collected, say_how_to_serve


@click.command("demo")
@database_argument
@quiet_option
def demo_command(database: Path, quiet: bool) -> None:
    """Collect a bundled sample account into DB, to try the tool without an account.

    The sandbox serves the sample account on a free port of this machine, and the program collects
    it over HTTP exactly as it collects a real account.
    """
    check_target(database)
    account = sample_account()
    held = accounts_in(database)
    others = {name for key, name in held.items() if key != account.account_id}
    if others:
        raise DatabaseError(
            f"{database} contains {', '.join(sorted(others))}; the sample account does not belong "
            "there. Specify another file: iaminsights demo FILE."
        )
    reports = all_reports()
    # A history begins with the second collect: the company as it was comes first, weeks ago.
    earlier = () if held else ((earlier_sample_account(), EARLIER_BY),)
    for stage, ago in (*earlier, (account, timedelta())):
        with Sandbox(stage) as sandbox:
            summary = run_collect(
                find_credential(None, sandbox.environment),
                sandbox.environment,
                database,
                reports,
                quiet=quiet or stage is not account,
                now=_clock_behind(ago),
            )
    if not quiet:
        say_collected(summary, database)
    say_how_to_serve(database, quiet)


def _clock_behind(ago: timedelta) -> Callable[[], datetime]:
    return lambda: utc_now() - ago
