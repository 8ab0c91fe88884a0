"""What stands around a command while it runs: Spark, what is being done, warnings."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import typer

__all__ = ["Runs", "progress", "session", "warned"]


class Runs(StrEnum):
    """What runs the steps."""

    polars = "polars"
    spark = "spark"


@contextlib.contextmanager
def warned() -> Iterator[None]:
    """Say warnings as messages, once the block is over."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        typer.echo(f"idgraph: {text}", err=True)


@contextlib.contextmanager
def session(engine: Runs, master: str, say: Callable[[str], None]) -> Iterator[Any]:
    """Give a Spark session where Spark is to run it, else None."""
    if engine is not Runs.spark:
        yield None
        return
    from idgraph.engines.spark import spark_session

    say("starting Spark")
    with spark_session(master) as session:
        yield session


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done while a person is watching; say nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield status.update
