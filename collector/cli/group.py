"""What the commands share: how errors are shown, exit codes, common arguments and options."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import click

from ..errors import InsightsError

DEFAULT_FILE = "iaminsights.sqlite3"
EXIT_NOT_ALLOWED, EXIT_USAGE, EXIT_FOUND, EXIT_INCOMPLETE = 1, 2, 3, 4


class Group(click.Group):
    """Shows every expected error as its sentence."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command; raises ClickException for every error of ours."""
        for stream in (sys.stdout, sys.stderr):  # of terminals that cannot write every name
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            return super().invoke(context)
        except InsightsError as error:
            raise Shown(str(error), error.exit_code) from None


class Shown(click.ClickException):
    """A sentence on standard error, and the exit code of what it is about."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code  # type: ignore[misc]  # of the class in click's hints


database_argument = click.argument(
    "database",
    metavar="[DB]",
    default=DEFAULT_FILE,
    type=click.Path(dir_okay=False, path_type=Path),
)
queries_option = click.option(
    "--queries",
    metavar="DIR",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with your own reports, in addition to canned_queries/ here; repeatable.",
)
quiet_option = click.option("--quiet", is_flag=True, help="Show no progress and no summary.")
