"""The list of reports on the page of a database: the worst first, what is clean folded away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..reports.report import rank

ASKED = "Explorers"  # the category of reports that are asked about one thing


@dataclass(frozen=True)
class Section:
    """Reports under one heading; what is `folded` is shown when somebody opens it."""

    heading: str
    reports: list[dict[str, Any]]
    folded: bool = False

    @property
    def id(self) -> str:
        """What the section is reached by in the address of its page."""
        return self.heading.lower().replace(" ", "-")


def sections(
    reports: Sequence[Mapping[str, Any]],
    findings: Mapping[str, Any] | None,
    text: str = "",
    category: str = "",
) -> list[Section]:
    """The reports of a category that have all words of a text, by what they found.

    Without `findings`, what a reader may not see or nobody has counted, none is called clean.
    """
    counts = findings["reports"] if findings else {}
    found: dict[str, list[dict[str, Any]]] = {}
    for report in reports:
        if _fits(report, text.casefold().split(), category):
            counted = counts.get(report["name"])
            severity = counted and counted.get("worst") or report.get("severity")
            found.setdefault(_heading(report, counted), []).append({**report, "severity": severity})
    order = (
        *("To fix", "Not read", "All accepted", "Reports"),
        *("Ask a question", "Overviews", "Nothing found"),
    )
    return [
        Section(
            heading,
            sorted(found[heading], key=lambda report: _rank(report, counts)),
            folded=heading == "Nothing found",
        )
        for heading in order
        if heading in found
    ]


def _fits(report: Mapping[str, Any], words: Sequence[str], category: str) -> bool:
    if category and report["category"] != category:
        return False
    parts = (report.get(key) for key in ("title", "question", "category", "severity", "name"))
    said = " ".join(str(part) for part in parts if part).casefold()
    return all(word in said for word in words)


def _heading(report: Mapping[str, Any], counted: Mapping[str, Any] | None) -> str:
    if report["category"] == ASKED:
        return "Ask a question"
    if not counted:
        return "Reports" if report.get("severity") not in (None, "info") else "Overviews"
    if counted["open"]:
        return "To fix"
    # What could not be read is not clean, whatever was found in the rest of it.
    if counted["unread"]:
        return "Not read"
    return "All accepted" if counted["acknowledged"] else "Nothing found"


def _rank(report: Mapping[str, Any], counts: Mapping[str, Any]) -> tuple[int, int, str]:
    open_rows = counts.get(report["name"], {}).get("open", 0)
    return rank(report.get("severity")), -open_rows, report["title"]
