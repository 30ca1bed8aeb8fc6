"""`iaminsights why`."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import click

from ..errors import DatabaseError
from ..store.file import check_source
from ..why.answer import Answer, as_json, ask
from ..why.words import text
from .group import EXIT_NOT_ALLOWED, EXIT_USAGE, Shown, database_argument


@click.command("why")
@click.argument("identity")
@click.argument("role_or_action")
@click.argument("target")
@database_argument
@click.option(
    "--account",
    metavar="ACCOUNT",
    help="Name or ID of the account that the target is in, where DB has several.",
)
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json")),
    help="text is for people; json has everything for programs.",
)
def why_command(
    identity: str,
    role_or_action: str,
    target: str,
    database: Path,
    account: str | None,
    form: str,
) -> None:
    """Explain why IDENTITY has, or does not have, a role or action on TARGET.

    IDENTITY is a person (login, email address, or name), service ID, trusted profile, or access
    group. ROLE_OR_ACTION is the name or CRN of a role, or an action such as kms.secrets.list.
    TARGET is a service instance, an account management service such as billing, a service, a
    resource group (what is in it), or account (account management as a whole). Each can be a name
    or an ID; a name that stands for several things is refused, and these are listed.

    Exit codes: 0 allowed, perhaps only in part or under a condition, as the first line says;
    1 not allowed, or only by assuming a trusted profile; 2 incorrect usage, a name that is unknown
    or ambiguous, or a DB that cannot be read.
    """
    try:
        found = _answered(database, identity, role_or_action, target, account)
    except DatabaseError as error:
        raise Shown(str(error), EXIT_USAGE) from None  # 1 is an answer
    written = json.dumps(as_json(found), ensure_ascii=False, indent=2) + "\n"
    # What other programs read is UTF-8 whatever the locale.
    width = shutil.get_terminal_size((100, 24)).columns
    click.echo(written.encode() if form == "json" else text(found, width), nl=False)
    if not found.allowed:
        sys.exit(EXIT_NOT_ALLOWED)


def _answered(database: Path, *question: str | None) -> Answer:
    check_source(database)
    location = f"{database.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(location, uri=True)) as connection:
            return ask(connection, *question)  # type: ignore[arg-type]  # None is of the account
    except sqlite3.Error as error:
        raise DatabaseError(f"{database} cannot answer: {error}.") from None
