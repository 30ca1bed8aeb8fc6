"""Writes the generated parts of README.md: the diagram, the reports, the commands' help.

python docs/generate.py            writes them
python docs/generate.py --check    exits 1 if they are stale
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from iaminsights.cli import main
from iaminsights.files import QUERIES, project_file
from iaminsights.reports import read_reports
from iaminsights.schema import TABLES

README = Path(__file__).parent.parent / "README.md"


def diagram() -> str:
    """The foreign keys as a mermaid diagram; of those to identities, only the iam_id columns."""
    lines = [
        f"    {table.name} {column.relation} {column.references} : {column.name}"
        for table in TABLES
        for column in table.columns
        if column.references and (column.references != "identities" or column.name == "iam_id")
    ]
    return "\n".join(["```mermaid", "erDiagram", *lines, "```"])


def report_table() -> str:
    """Name, severity and question of each report."""
    lines = ["| report | severity | question |", "| --- | --- | --- |"]
    for report in read_reports(project_file(QUERIES)):
        lines.append(f"| `{report.name}` | {report.severity} | {report.question} |")
    return "\n".join(lines)


def command_table() -> str:
    """Each command with the first sentence of its help."""
    lines = ["| command | does |", "| --- | --- |"]
    for name, command in sorted(main.commands.items()):
        usage = " ".join(
            parameter.metavar or parameter.name
            for parameter in command.params
            if isinstance(parameter, click.Argument)
        )
        lines.append(
            f"| `{f'iaminsights {name} {usage}'.strip()}` | {command.get_short_help_str(200)} |"
        )
    return "\n".join(lines)


GENERATED = {"diagram": diagram, "reports": report_table, "commands": command_table}


def generated(text: str) -> str:
    """The README's text with every generated part as it should be."""
    for name, function in GENERATED.items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"README.md has no place for the generated part: {name}")
        text = pattern.sub(lambda found, f=function: f"{found[1]}{f()}\n{found[2]}", text)
    return text


if __name__ == "__main__":
    before = README.read_text(encoding="utf-8")
    after = generated(before)
    if "--check" in sys.argv and before != after:
        raise SystemExit("README.md is stale; run: python docs/generate.py")
    README.write_text(after, encoding="utf-8")
