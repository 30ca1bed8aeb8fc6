"""Counts what every report finds, while the file is made: findings, and who accepted them.

The reports themselves are run, so that a summary cannot disagree with them. Ages are measured
at the time of the collect, so that the same file gives the same rows on every later day.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from ..errors import AcknowledgementError
from ..facts.derived import parts_behind
from ..store import history
from ..store.file import has_content, marks, reading
from ..store.schema import SCHEMA_VERSION, TABLE
from .report import Report, noted_reads

_KEYS = {"report", "identifiers", "reason", "expires"}
# Identifiers that a finding is also looked up by, from the page of a row.
_SUBJECTS = ("iam_id", "access_group_id", "policy_id", "instance_id")
# Where a report names who holds something that no row of the file stands for, such as a service.
_HOLDERS = ("subject", "source", "who", "identity")
# Columns that name what an identifier is of, where they are not called like it: the holder and the
# account of a finding are told apart from it.
_NAMES = {"policy_id": "target", "holder_id": "", "account_id": ""}


@dataclass(frozen=True)
class Acknowledgement:
    """Rows of a report that are accepted: those with all these values, until the end of a day."""

    report: str
    identifiers: Mapping[str, str]
    reason: str
    expires: date

    def accepts(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of the report has all the values, none of them absent."""
        return all(
            str(row.get(name)) == value and row.get(name) is not None
            for name, value in self.identifiers.items()
        )

    def __str__(self) -> str:
        about = ", ".join(f"{name} {value}" for name, value in self.identifiers.items())
        return f"{self.report} with {about}"


def read_acknowledgements(
    path: Path, columns: Mapping[str, Sequence[str]]
) -> tuple[Acknowledgement, ...]:
    """The entries of a YAML file; `columns` are those of each report that has findings.

    Raises AcknowledgementError, which names file and entry, for the first that cannot be used.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AcknowledgementError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise AcknowledgementError(f"{path}{line}: this is not valid YAML.") from None
    if not isinstance(entries or [], list):
        raise AcknowledgementError(f"{path} must be a list of entries; see docs/reports.md.")
    return tuple(
        _acknowledgement(f"{path}, entry {number}", entry, columns)
        for number, entry in enumerate(entries or [], 1)
    )


def _acknowledgement(
    where: str, entry: Any, columns: Mapping[str, Sequence[str]]
) -> Acknowledgement:
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise AcknowledgementError(f"{where}: it needs {', '.join(sorted(_KEYS))}, nothing else.")
    report, identifiers = entry["report"], entry["identifiers"]
    if report not in columns:
        raise AcknowledgementError(f"{where}: no report named {report} has findings.")
    if not isinstance(identifiers, dict) or not identifiers:
        raise AcknowledgementError(f"{where}: identifiers must give columns and their values.")
    for name in identifiers:
        if name not in columns[report]:
            raise AcknowledgementError(
                f"{where}: {report} has no column {name}; it has {', '.join(columns[report])}."
            )
    reason = entry["reason"]
    if not isinstance(reason, str) or not reason.strip():
        raise AcknowledgementError(f"{where}: reason must say why the finding is accepted.")
    if type(entry["expires"]) is not date:
        raise AcknowledgementError(f"{where}: expires must be a date, such as 2027-06-30.")
    values = {str(name): str(value) for name, value in identifiers.items()}
    return Acknowledgement(report, values, " ".join(reason.split()), entry["expires"])


def acknowledgements_in(connection: sqlite3.Connection) -> tuple[Acknowledgement, ...]:
    """Those that a file has already."""
    return tuple(
        Acknowledgement(report, json.loads(identifiers), reason, date.fromisoformat(expires))
        for report, identifiers, reason, expires in connection.execute(
            "select report, identifiers, reason, expires from acknowledgements order by id"
        )
    )


def acknowledgements_of(path: Path) -> tuple[Acknowledgement, ...]:
    """Those that a file has; none if there is no file yet."""
    if not has_content(path):
        return ()
    with reading(path) as db:
        return acknowledgements_in(db)


@dataclass(frozen=True)
class Earlier:
    """What was found before: when each finding was first seen, and how each report was counted.

    `counted` has, by report and account, the fingerprint of the report and the parts not read.
    """

    first_seen: Mapping[tuple[str, str, str], str | None] = field(default_factory=dict)
    counted: Mapping[tuple[str, str], tuple[str, str | None]] = field(default_factory=dict)

    def since(self, report: Report, account: str, finding: str, now: str | None) -> str | None:
        """When a finding was first seen; None where nobody can know.

        That is where it was not looked for before in the same way: another version of the report,
        or something it rests on could not be read.
        """
        key = (report.name, account, finding)
        if key in self.first_seen:
            return self.first_seen[key]
        before = self.counted.get((report.name, account))
        return now if before == (report.fingerprint, None) else None


def earlier_in(connection: sqlite3.Connection) -> Earlier:
    """What a file has of it."""
    found = connection.execute("select report, account_id, finding, first_seen from findings")
    counted = connection.execute(
        "select report, account_id, fingerprint, unread from report_counts"
    )
    return Earlier(
        {tuple(key): seen for *key, seen in found}, {(r, a): (f, u) for r, a, f, u in counted}
    )


def earlier_of(path: Path) -> Earlier:
    """What the reports found in a file before, and in which version of theirs.

    How an earlier version of the program counted is nothing to compare with.
    """
    if not has_content(path):
        return Earlier()
    with reading(path) as db:
        earlier = earlier_in(db)
        return earlier if marks(db)[1] == SCHEMA_VERSION else Earlier(earlier.first_seen)


def count_in_file(path: Path, reports: Sequence[Report]) -> None:
    """Count anew what the reports find in a file, in one transaction; raises DatabaseError."""
    with reading(path) as db:
        kept, earlier = acknowledgements_in(db), earlier_in(db)
        db.execute("begin immediate")
        count(db, reports, kept, None, earlier)
        db.commit()


def count_anew(
    connection: sqlite3.Connection,
    target: Path,
    reports: Sequence[Report],
    acknowledgements: Sequence[Acknowledgement] | None,
    at: str,
    keep_days: int,
) -> list[Acknowledgement]:
    """Count what the reports find in a complete draft of the target, and note how that went.

    Gives the acknowledgements that match nothing; without any those of the target stay. History
    older than `keep_days` before `at` is forgotten. Raises sqlite3.Error, DatabaseError.
    """
    if acknowledgements is None:
        acknowledgements = acknowledgements_of(target)
    unmatched = count(connection, reports, acknowledgements, at, earlier_of(target))
    history.record_counts(connection, at)
    history.prune(connection, at, keep_days)
    return unmatched


def count(
    connection: sqlite3.Connection,
    reports: Iterable[Report],
    acknowledgements: Sequence[Acknowledgement],
    now: str | None,
    earlier: Earlier,
) -> list[Acknowledgement]:
    """Fill what is counted, and acknowledgements; gives the entries of these that match nothing.

    `now` is the time for what `earlier` has not; None where nothing new was collected. Raises
    sqlite3.Error if a report cannot be run.
    """
    for table in ("findings", "report_counts", "acknowledgements", "reports"):
        connection.execute(f"delete from {table}")
    connection.executemany(
        "insert into acknowledgements (id, report, identifiers, reason, expires, findings) "
        "values (?, ?, ?, ?, ?, 0)",
        [
            (number, one.report, json.dumps(one.identifiers), one.reason, one.expires.isoformat())
            for number, one in enumerate(acknowledgements, 1)
        ],
    )
    accounts = [row[0] for row in connection.execute("select account_id from accounts")]
    unread = _unread_parts(connection)
    matched: Counter[int] = Counter()
    for report in reports:
        if report.identifiers:
            connection.execute(
                "insert into reports (name, title, category, severity) values (?, ?, ?, ?)",
                (report.name, report.title, report.category, report.severity),
            )
            entries = [
                (number, one)
                for number, one in enumerate(acknowledgements, 1)
                if one.report == report.name
            ]
            seen = partial(earlier.since, report, now=now)
            matched += _count_one(connection, report, accounts, unread, entries, seen)
    connection.executemany(
        "update acknowledgements set findings = ? where id = ?",
        [(found, number) for number, found in matched.items()],
    )
    return [one for number, one in enumerate(acknowledgements, 1) if not matched[number]]


def _count_one(
    connection: sqlite3.Connection,
    report: Report,
    accounts: Sequence[str],
    unread: Mapping[str, set[str]],
    entries: Sequence[tuple[int, Acknowledgement]],
    first_seen: Callable[[str, str], str | None],
) -> Counter[int]:
    found, parts = _run(connection, report)
    rows = Counter({(account, report.severity): 0 for account in accounts})
    seen: Counter[tuple[str, str]] = Counter()
    matched: Counter[int] = Counter()
    values = []
    for row in found:
        account = row["account_id"]
        finding = " ".join(str(row[name]) for name in report.identifiers)
        severity = report.severity_of(row)
        rows[account, severity] += 1
        seen[account, finding] += 1
        if seen[account, finding] > 1:  # identifiers that do not identify: none gets lost
            finding = f"{finding} #{seen[account, finding]}"
        number = next((number for number, one in entries if one.accepts(row)), None)
        if number:
            matched[number] += 1
        values.append(
            {
                "report": report.name,
                "account_id": account,
                "finding": finding,
                "severity": severity,
                "what": what_of(report.identifiers, row),
                "holder": holder_of(row),
                "kind": row.get("kind"),
                **{key: row.get(key) for key in _SUBJECTS},
                "command": row.get("command"),
                "first_seen": first_seen(account, finding),
                "acknowledgement_id": number,
            }
        )
    connection.executemany(_INSERT, values)
    connection.executemany(
        "insert into report_counts (report, account_id, severity, rows, fingerprint, unread) "
        "values (?, ?, ?, ?, ?, ?)",
        [
            (
                report.name,
                account,
                severity,
                number,
                report.fingerprint,
                ", ".join(sorted(parts & unread[account])) or None,
            )
            for (account, severity), number in rows.items()
        ],
    )
    return matched


def what_of(identifiers: Sequence[str], row: Mapping[str, Any]) -> str:
    """What a row is about: what its identifiers name, or else its second column."""
    named = [_NAMES.get(key, key.removesuffix("_id")) for key in identifiers]
    about = [row[name] for name in named if name in row] or [list(row.values())[1]]
    return ", ".join(str(one) for one in about if one is not None)


def holder_of(row: Mapping[str, Any]) -> Any:
    """Who holds what a row is about, as far as the report names one."""
    return next((row[name] for name in _HOLDERS if row.get(name)), None)


# What a report names need not be in the file: such a column stays empty. Who holds a policy is
# known from the policy, where the report says nothing of it.
_INSERT = """
insert into findings (
  report, account_id, finding, severity, what, who, kind, iam_id, access_group_id, policy_id,
  instance_id, command, first_seen, acknowledgement_id
)
select
  :report,
  :account_id,
  :finding,
  :severity,
  :what,
  coalesce(identities.name, access_groups.name, :holder),
  case
    when identities.kind = 'user' then 'person'
    when identities.kind = 'service_id' then 'service ID'
    when identities.kind is not null then replace(identities.kind, '_', ' ')
    when access_groups.id is not null then 'access group'
    when policies.type = 'authorization' then 'service'
    else :kind
  end,
  (select iam_id from identities where iam_id = :iam_id),
  (select id from access_groups where id = :access_group_id),
  policies.id,
  (select id from resource_service_instances where id = :instance_id),
  :command,
  :first_seen,
  :acknowledgement_id
from (select 1)
left join policies on policies.id = :policy_id
left join identities on identities.iam_id = iif(
  :access_group_id is null, coalesce(:iam_id, policies.iam_id), :iam_id
)
left join access_groups on access_groups.id = iif(
  :iam_id is null, coalesce(:access_group_id, policies.access_group_id), :access_group_id
)
"""


def _run(connection: sqlite3.Connection, report: Report) -> tuple[list[dict[str, Any]], set[str]]:
    """The rows of a report, and the parts of a collection that it rests on."""
    with noted_reads(connection) as tables:
        cursor = connection.execute(report.sql, dict.fromkeys(report.parameters, ""))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return rows, parts_behind(tables)


def _unread_parts(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """By account, the parts that were never read in full, or not the last time."""
    read = {
        (account, part)
        for account, part in connection.execute(
            "select account_id, part from collected_parts where status = 'ok' and lacks is null"
        )
    }
    parts = {table.filled_by for table in TABLE.values()}
    return {
        account: {part for part in parts if (account, part) not in read}
        for (account,) in connection.execute("select account_id from accounts")
    }
