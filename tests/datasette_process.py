"""Starts Datasette's command line in a process of its own.

To import Datasette takes a process longest. Where it does not matter how it was started, one that
has imported it forks for each site; everything else happens in the new process. What takes it
longest next is to compile the templates, which those after it find compiled.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import TextIO

# What a process writes as errors, and how to end it.
Started = tuple[TextIO, Callable[[], None]]


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path | None) -> Started:
    """A command as it is."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr

    def end() -> None:
        process.terminate()
        process.wait(10)

    return process.stderr, end


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["datasette.cli", "uvicorn"])
    return context


@cache
def _compiled_templates() -> str:
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return folder.name


def fork(arguments: Sequence[str], environment: Mapping[str, str], folder: Path | None) -> Started:
    """Datasette's command with these arguments, where it is imported already."""
    ours, theirs = _forks().Pipe(duplex=False)
    process = _forks().Process(
        target=_datasette,
        args=(
            list(arguments),
            dict(environment),
            folder or Path.cwd(),
            theirs,
            _compiled_templates(),
        ),
        daemon=True,
    )
    with ours, theirs:
        process.start()
        lines = os.fdopen(os.dup(ours.fileno()))

    def end() -> None:
        process.terminate()
        process.join(10)
        process.close()

    return lines, end


def _datasette(
    arguments: list[str],
    environment: dict[str, str],
    folder: Path,
    errors: Connection,
    templates: str,
) -> None:
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    os.dup2(errors.fileno(), sys.stderr.fileno())
    errors.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from datasette import app
    from datasette.cli import cli
    from jinja2 import FileSystemBytecodeCache

    compiled = FileSystemBytecodeCache(templates)
    app.Environment = partial(app.Environment, bytecode_cache=compiled)
    sys.argv = ["datasette", *arguments]
    cli()
