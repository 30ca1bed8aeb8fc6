"""Reads the headers of .sql files: YAML in comments at the top, then one statement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# That of libyaml, where PyYAML was built with it: each start of the program reads all headers.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """What a YAML document says, as yaml.safe_load has it, but sooner; raises yaml.YAMLError."""
    return yaml.load(text, _LOADER)


def split_header(text: str) -> tuple[dict[str, Any], str]:
    """The header of a .sql file as a mapping, and what follows it; raises yaml.YAMLError."""
    lines = text.splitlines()
    size = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    text = "\n".join(line.removeprefix("--").removeprefix(" ") for line in lines[:size])
    header = read_yaml(text)
    return header if isinstance(header, dict) else {}, "\n".join(lines[size:])


def read_folder(folder: Path) -> dict[str, tuple[dict[str, Any], str]]:
    """Header and statement of each .sql file of a folder, by name."""
    return {
        path.stem: split_header(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.sql"))
    }
