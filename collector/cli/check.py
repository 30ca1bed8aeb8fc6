"""`iaminsights check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..check.output import FORMATS, write_sarif
from ..check.rules import read_rules
from ..check.running import Checks, read_proposals, run
from .group import DEFAULT_FILE, EXIT_FOUND

_SQLITE = b"SQLite format 3\0"


@click.command("check")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE... [DB]",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--no-new-access",
    is_flag=True,
    help="Nobody gets access that DB does not have for them.",
)
@click.option(
    "--not-granted",
    "rules",
    metavar="RULES",
    type=click.Path(path_type=Path),
    help="A YAML list of roles and actions that nobody should get; docs/check.md describes it.",
)
@click.option(
    "--no-public-access",
    is_flag=True,
    help="Nothing is granted to the Public Access group, and public access is not switched on.",
)
@click.option(
    "--no-escalation",
    is_flag=True,
    help="Nobody gets a path to full control that DB does not have for them.",
)
@click.option(
    "--terraform",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the plan's configuration: violations are then placed where the blocks of "
    "their resources are.",
)
@click.option(
    "--allow-undecided",
    is_flag=True,
    help="Exit with 0 if nothing is violated, although something could not be decided. It is shown "
    "in any case.",
)
@click.option(
    "--account", metavar="NAME", help="The account, by name or ID; needed if DB has several."
)
@click.option(
    "--format",
    "form",
    default="text",
    show_default=True,
    type=click.Choice([*FORMATS]),
    help="sarif is for code scanning, with file and line.",
)
@click.option(
    "--sarif",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write SARIF to this file, too.",
)
def check_command(
    files: tuple[Path, ...],
    no_new_access: bool,
    rules: Path | None,
    no_public_access: bool,
    no_escalation: bool,
    terraform: Path | None,
    allow_undecided: bool,
    account: str | None,
    form: str,
    sarif: Path | None,
) -> None:
    """Check proposed policies and Terraform plans before they are applied.

    FILE is a policy or a list of policies in IBM Cloud's JSON, or the output of terraform show
    -json PLAN. DB is a collected file (default: iaminsights.sqlite3, if it exists).

    Exit codes: 0 nothing is violated; 1 error; 2 incorrect usage; 3 something is violated, or could
    not be decided.
    """
    databases = [file for file in files if _is_database(file)]
    proposed = [file for file in files if file not in databases]
    if len(databases) > 1 or not proposed:
        raise click.UsageError("Specify one or more files to check, and at most one DB.")
    if not (no_new_access or rules or no_public_access or no_escalation):
        raise click.UsageError(
            "Specify at least one check: --no-new-access, --not-granted, --no-public-access, or "
            "--no-escalation."
        )
    database: Path | None = databases[0] if databases else Path(DEFAULT_FILE)
    if database and not database.exists():
        database = None
        for asked, name in ((no_new_access, "--no-new-access"), (no_escalation, "--no-escalation")):
            if asked:
                raise click.UsageError(f"{name} needs DB; create it with iaminsights collect.")
    checks = Checks(
        rules=read_rules(rules) if rules else (),
        no_new_access=no_new_access,
        no_public_access=no_public_access,
        no_escalation=no_escalation,
    )
    outcome = run(read_proposals(proposed, terraform), checks, database, account)
    if sarif:
        write_sarif(outcome, sarif)
    for note in outcome.notes:
        click.echo(f"Note: {note}", err=True)
    text = FORMATS[form](outcome)
    # What other programs read is UTF-8 whatever the locale.
    click.echo(text if form == "text" else text.encode(), nl=False)
    if any(not (one.undecided and allow_undecided) for one in outcome.violations):
        sys.exit(EXIT_FOUND)


def _is_database(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_SQLITE)) == _SQLITE
