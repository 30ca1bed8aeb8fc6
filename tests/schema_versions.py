"""What the file holds, version by version: a fingerprint of each, and a small file of each.

    python -m tests.schema_versions           pin what this version holds, while it is unreleased
    python -m tests.schema_versions --record  write the small file of this version, on its release

The fingerprints are in schema_versions.json, one line for each table and view. A version may
change until its file is recorded or the program's own version moves on; then another change needs
another SCHEMA_VERSION.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from iaminsights import __version__
from iaminsights.collect import collect
from iaminsights.facts.derived import FACTS, empty_database
from iaminsights.ibmcloud.client import Client
from iaminsights.ibmcloud.credentials import find_credential
from iaminsights.reports.catalogue import all_reports
from iaminsights.reports.findings import Acknowledgement
from iaminsights.sandbox import Account, Sandbox
from iaminsights.store.schema import SCHEMA_VERSION

PINS = Path(__file__).with_name("schema_versions.json")
FILES = Path(__file__).with_name("files")
DAYS = (datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 2, tzinfo=timezone.utc))
ACCEPTED = Acknowledgement(
    "api_key_no_expiry", {"apikey_id": "ApiKey-accepted"}, "Replaced soon.", date(2099, 12, 31)
)

HOW = (
    f"The file's schema is not the one that tests/schema_versions.json has for version "
    f"{SCHEMA_VERSION}. Files of released versions are about: raise SCHEMA_VERSION, unless it was "
    "raised since the last release already; then run: python -m tests.schema_versions"
)


# --- Fingerprints -------------------------------------------------------------------------------


def shape_of(connection: sqlite3.Connection) -> dict[str, str]:
    """A fingerprint of each table (columns, types, keys) and each view of a file."""
    objects = connection.execute(
        "select name, type, sql from sqlite_master where type in ('table', 'view') "
        "and name not like 'sqlite_%' and name not like 'search_fts%' order by 1"
    ).fetchall()
    return {
        name: _hash(
            " ".join(re.sub(r"--.*", "", sql).split())
            if kind == "view"
            else connection.execute(
                "select name, type, [notnull], dflt_value, pk from pragma_table_info(?) "
                "order by name",
                (name,),
            ).fetchall()
            + connection.execute(
                "select [table], [from], [to] from pragma_foreign_key_list(?) order by 2", (name,)
            ).fetchall()
        )
        for name, kind, sql in objects
    }


def _hash(thing: object) -> str:
    return hashlib.sha256(repr(thing).encode()).hexdigest()[:8]


def present_shape() -> dict[str, str]:
    """The fingerprints of what the program makes now, and of how it derives each fact."""
    with closing(empty_database()) as connection:
        derived = {f"{fact.name} (select)": _hash(" ".join(fact.sql.split())) for fact in FACTS}
        return {**shape_of(connection), **derived}


def pins() -> dict[int, dict]:
    """By version: the release of the program that it came with, and its fingerprints."""
    return {int(version): pin for version, pin in json.loads(PINS.read_text()).items()}


def is_released(version: int, pin: Mapping) -> bool:
    return file_of(version).exists() or pin["release"] != __version__


def pin_present() -> str:
    """Write the fingerprints of the present version; says what was done."""
    known = pins() if PINS.exists() else {}
    shape, pin = present_shape(), known.get(SCHEMA_VERSION)
    if pin and pin["shape"] == shape:
        return f"Version {SCHEMA_VERSION} is pinned as it is."
    if pin and is_released(SCHEMA_VERSION, pin):
        sys.exit(f"Version {SCHEMA_VERSION} is released: raise SCHEMA_VERSION in schema.py.")
    known[SCHEMA_VERSION] = {"release": __version__, "shape": shape}
    PINS.write_text(json.dumps(known, indent=1) + "\n")
    return f"Pinned version {SCHEMA_VERSION}."


# --- A small file of a version ------------------------------------------------------------------


def file_of(version: int) -> Path:
    return FILES / f"version_{version}.sqlite3.gz"


def unpacked(version: int, target: Path) -> Path:
    """The small file of a version, written to the target."""
    target.write_bytes(gzip.decompress(file_of(version).read_bytes()))
    return target


def accounts_of(stage: int) -> tuple[Account, Account]:
    """The two accounts of the small files, as they are at the first collect and from then on.

    With the second collect a key comes, and a group gets another name.
    """
    acme, bolt = Account("Acme", owner="Olga Owner"), Account("Bolt", owner="Boris Owner")
    for account in (acme, bolt):
        robot = account.service_id("robot")
        account.add_api_key(robot, "old", id=f"ApiKey-{account.name}-old")
        person = account.user("Ada Lovelace")
        team = account.group("Team", members=[person])
        account.policy(team, ["Viewer"], service="kms", description="read keys")
    robot = acme.service_ids[0]
    acme.add_api_key(robot, "accepted", id="ApiKey-accepted")
    if stage > 1:
        acme.add_api_key(robot, "new", id="ApiKey-new")
        acme.groups[-1]["name"] = "Crew"
    return acme, bolt


def make_file(path: Path) -> None:
    """Collect both accounts, and the first of them again a day later."""
    first, second = accounts_of(1), accounts_of(2)
    reports = all_reports()
    for day, accounts in zip(DAYS, (first, second[:1]), strict=True):
        with Sandbox(accounts) as sandbox:
            for account in accounts:
                environment = sandbox.environment_for(account)
                with closing(Client(find_credential(None, environment), environment)) as client:
                    collect(
                        client,
                        path,
                        reports=reports,
                        acknowledgements=[ACCEPTED],
                        now=lambda day=day: day,
                    )


def record() -> str:
    """Write the small file of the present version."""
    FILES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "small.sqlite3"
        make_file(path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("vacuum")
        packed = gzip.compress(path.read_bytes(), 9, mtime=0)
    file_of(SCHEMA_VERSION).write_bytes(packed)
    return f"Wrote {file_of(SCHEMA_VERSION)}, {len(packed):,} bytes."


if __name__ == "__main__":
    print(pin_present())
    if sys.argv[1:] == ["--record"]:
        print(record())
