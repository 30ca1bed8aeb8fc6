"""Where the resources of a plan stand in its configuration: the line of each block.

A plan does not say it. Blocks are looked for in the .tf files of the folder of the root module and,
by the plan's configuration, in those of the local modules that it calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from os.path import normpath
from pathlib import Path
from typing import Any

from .documents import Document, Place
from .plan import module_names

_BLOCK = re.compile(r'^[ \t]*resource\s+"([\w-]+)"\s+"([\w-]+)"', re.MULTILINE)
_RESOURCE = re.compile(r'(?:^|\.)([a-z][\w-]*)\.([\w-]+)(?:\[(?:"(?:[^"\\]|\\.)*"|\d+)\])?$')


class Sources:
    """The blocks of a configuration, by the folder of its root module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blocks: dict[Path, dict[tuple[str, str], Place]] = {}

    def place(self, document: Document, address: str) -> Place | None:
        """Where the block of a resource begins; None if it is in no file of a local module."""
        match = _RESOURCE.search(address)
        folder = self._folder_of(document, address[: match.start()] if match else "")
        if match is None or folder is None:
            return None
        if folder not in self._blocks:
            self._blocks[folder] = dict(_blocks_in(folder))
        return self._blocks[folder].get((match[1], match[2]))

    def _folder_of(self, document: Document, module: str) -> Path | None:
        folder = self._folder
        config: Mapping[str, Any] = document.others.get("configuration") or {}
        config = config.get("root_module") or {}
        for name in module_names(module):
            call = (config.get("module_calls") or {}).get(name) or {}
            source = call.get("source")
            if not isinstance(source, str) or not source.startswith(("./", "../")):
                return None
            folder, config = Path(normpath(folder / source)), call.get("module") or {}
        return folder


def _blocks_in(folder: Path) -> Iterator[tuple[tuple[str, str], Place]]:
    for path in sorted(folder.glob("*.tf")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in _BLOCK.finditer(text):
            at = match.start() + len(match[0]) - len(match[0].lstrip())
            line = text.count("\n", 0, at) + 1
            yield (match[1], match[2]), Place(str(path), line, at - text.rfind("\n", 0, at))
