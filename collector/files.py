"""Where the project's own files are: in the checkout beside collector/, or inside the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
METADATA, QUERIES = "metadata.yml", "canned_queries"


def project_file(name: str) -> Path:
    """A file or folder of the project: setup.py copies them into the wheel under site/."""
    packaged = _PACKAGE / "site" / name
    return packaged if packaged.exists() else _PACKAGE.parent / name


def metadata_beside(database: Path) -> Path:
    """The metadata.yml to serve a database with; written beside it if there is none yet."""
    here, beside = Path(METADATA), database.with_name(METADATA)
    if here.exists():
        return here
    if not beside.exists():
        beside.write_text(project_file(METADATA).read_text(encoding="utf-8"), encoding="utf-8")
    return beside
