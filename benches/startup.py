"""How long a person waits before anything happens."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Final

from benches.harness import Scale, ran, table

__all__ = ["bench"]

_RUNS: Final = 10
_SCRIPT: Final = str(Path(sys.executable).with_name("idgraph"))
_COMMANDS: Final = {
    "`python -c pass`": [sys.executable, "-c", "pass"],
    "`import idgraph`": [sys.executable, "-c", "import idgraph"],
    "`from idgraph import resolve`": [sys.executable, "-c", "from idgraph import resolve"],
    "`idgraph --help`": [_SCRIPT, "--help"],
}


def bench(scale: Scale) -> str:
    """Measure each command in turns; give the table in Markdown."""
    del scale  # a start is a start
    runs = [{name: ran(command) for name, command in _COMMANDS.items()} for _ in range(_RUNS + 1)][1:]
    rows = [
        [
            name,
            f"{median(run[name].wall for run in runs):.2f}",
            f"{min(run[name].wall for run in runs):.2f}",
        ]
        for name in _COMMANDS
    ]
    return f"The whole process; {_RUNS} runs, after one that does not count.\n\n" + table(
        ["", "median, seconds", "fastest"], rows
    )
