"""The command line: options, output, exit codes. The only package that prints or exits."""

from __future__ import annotations

import click

from .. import __version__
from .check import check_command
from .collect import collect_command
from .demo import demo_command
from .group import Group
from .metadata import metadata_command
from .report import report_command
from .sandbox import sandbox_command
from .whatif import whatif_command
from .why import why_command


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="iaminsights")
def main() -> None:
    """Who can do what in an IBM Cloud account: collect the data, publish it, and report on it."""


for _command in (
    collect_command,
    demo_command,
    sandbox_command,
    report_command,
    whatif_command,
    why_command,
    metadata_command,
    check_command,
):
    main.add_command(_command)
