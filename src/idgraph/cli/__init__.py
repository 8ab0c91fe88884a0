"""The command line; see docs/command-line.md."""

from idgraph.cli.commands import app, main

__all__ = ["app", "main"]
