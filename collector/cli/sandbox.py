"""`iaminsights sandbox`."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from pathlib import Path

import click

from ..sandbox import Sandbox, account_of_size, read_faults


@click.command("sandbox")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="0 means any free port.")
@click.option(
    "--size",
    default="small",
    show_default=True,
    type=click.Choice(["small", "medium", "limits"]),
    help="small is the sample account; limits is an account at IBM Cloud's documented limits.",
)
@click.option("--seed", default=0, show_default=True, help="Each seed gives another account.")
@click.option(
    "--latency",
    metavar="SECONDS",
    default=0.0,
    type=click.FloatRange(0, 60),
    help="Delay each response by this much.",
)
@click.option(
    "--faults",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON list of faults to inject; docs/faults.md describes it.",
)
def sandbox_command(port: int, size: str, seed: int, latency: float, faults: Path | None) -> None:
    """Serve a fictional account over HTTP on this machine until interrupted.

    The first lines of output, export NAME=value, configure a shell to run collect:
    use eval "$(...)", or copy the lines.
    """
    try:
        planned = read_faults(faults) if faults else ()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    try:
        sandbox = Sandbox(account_of_size(size, seed), port=port, latency=latency, faults=planned)
        sandbox.start()
    except OSError as error:
        raise click.ClickException(
            f"Port {port} cannot be used: {error.strerror}. Choose another with --port."
        ) from None
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    for name, value in sandbox.environment.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo(f"Serving a fictional account at {sandbox.url}; press Ctrl-C to stop.", err=True)
    sys.stdout.flush()
    interrupted.wait()
    sandbox.close()
