"""Run candidates, each in a process of its own, and say what they took.

This module and all that it imports stay small: on Linux the peak memory of a child begins with its parent's. So
candidates import what they measure inside their own functions.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

__all__ = ["ROOT", "Candidate", "Measured", "Run", "Scale", "Stages", "measure", "prepared", "ran", "table", "warm"]

ROOT: Final = Path(__file__).resolve().parents[1]
_PEAK_UNIT: Final = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes on Linux, bytes on macOS


@dataclass(frozen=True)
class Scale:
    """How much to measure.

    Attributes:
        sizes: numbers of records, ascending.
        runs: how often each candidate runs.
        companies: how large the worlds are on which quality is measured.
    """

    sizes: tuple[int, ...] = (1_000_000, 10_000_000)
    runs: int = 3
    companies: int = 2_000

    @property
    def told(self) -> str:
        """Say how often candidates run, for the text above a table."""
        return "One run each." if self.runs == 1 else f"Medians of {self.runs} runs."


@dataclass(frozen=True)
class Candidate:
    """Something to measure.

    Attributes:
        name: how tables call it.
        call: `module:function`; it returns what JSON can hold.
        given: keyword arguments, of what JSON can hold.
        runs: how often it runs, where that is less than the others.
    """

    name: str
    call: str
    given: Mapping[str, Any] = field(default_factory=dict)
    runs: int | None = None


@dataclass(frozen=True)
class Run:
    """One run of one candidate, the start of its interpreter included.

    Attributes:
        wall: seconds.
        cpu: seconds, user and system.
        peak: bytes of memory.
        facts: what the candidate returned.
    """

    wall: float
    cpu: float
    peak: int
    facts: Any


@dataclass(frozen=True)
class Measured:
    """All runs of one candidate; its figures are medians."""

    runs: Sequence[Run]

    def median(self, figure: Callable[[Run], float]) -> float:
        """Give the median of a figure over the runs."""
        return median(figure(run) for run in self.runs)

    @property
    def wall(self) -> float:
        """Seconds."""
        return self.median(lambda run: run.wall)

    @property
    def cpu(self) -> float:
        """Seconds, user and system."""
        return self.median(lambda run: run.cpu)

    @property
    def peak(self) -> float:
        """Gigabytes (10⁹ bytes)."""
        return self.median(lambda run: run.peak) / 1e9

    @property
    def facts(self) -> Any:  # noqa: ANN401 - whatever the candidate returns
        """What the first run returned."""
        return self.runs[0].facts


class Stages:
    """A clock that is told what begins.

    Attributes:
        seconds: how long each stage took, in order.
        cpu: seconds of CPU that each took, of all threads, user and system.
        peaks: the process's peak in gigabytes at each stage's end.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self.peaks: dict[str, float] = {}
        self._name = ""
        self._since = perf_counter()
        self._worked = process_time()

    def __call__(self, name: str) -> None:
        """Begin a stage, which ends the one before; the empty name begins none."""
        now, worked = perf_counter(), process_time()
        if self._name:
            self.seconds[self._name] = self.seconds.get(self._name, 0.0) + now - self._since
            self.cpu[self._name] = self.cpu.get(self._name, 0.0) + worked - self._worked
            self.peaks[self._name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _PEAK_UNIT / 1e9
        self._name, self._since, self._worked = name, now, worked

    def done(self) -> dict[str, dict[str, float]]:
        """End the last stage, and give what was measured."""
        self("")
        return {"seconds": self.seconds, "cpu": self.cpu, "peaks": self.peaks}


def ran(command: Sequence[str], facts: Path | None = None) -> Run:
    """Run a command from the repository's folder.

    Args:
        command: the program and its arguments.
        facts: where it writes what it found, as JSON.

    Raises:
        RuntimeError: it failed; with the end of what it wrote to standard error.
    """
    with tempfile.TemporaryFile() as errors:
        begun = perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
    found = json.loads(facts.read_text()) if facts else None
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _PEAK_UNIT, found)


def measure(
    candidates: Sequence[Candidate], runs: int, after: Callable[[Candidate], None] | None = None
) -> dict[str, Measured]:
    """Run candidates in turns, so that what else the machine does falls on all alike.

    Args:
        candidates: what to measure.
        runs: how often, unless a candidate says less.
        after: called after each run, to look at what it left and to clear it away.

    Returns:
        What was measured, by the candidates' names.
    """
    found: dict[str, list[Run]] = {candidate.name: [] for candidate in candidates}
    for turn in range(runs):
        for candidate in candidates:
            if turn < (candidate.runs or runs):
                found[candidate.name].append(_run(candidate))
                if after:
                    after(candidate)
    return {name: Measured(done) for name, done in found.items()}


def _run(candidate: Candidate) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "facts.json"
        given = json.dumps(dict(candidate.given))
        run = ran([sys.executable, "-m", "benches.child", candidate.call, given, str(result)], result)
    print(f"  {candidate.name}: {run.wall:.1f} s, {run.peak / 1e9:.2f} GB", file=sys.stderr, flush=True)
    return run


def prepared(folder: Path, generator: Path, call: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Make the input of a benchmark, unless it is there as the present generator makes it.

    Args:
        folder: where it is written.
        generator: the module that makes it.
        call: `module:function`, which returns what the input holds.
        given: its keyword arguments.

    Returns:
        What it holds.
    """
    code = sha256(generator.read_bytes()).hexdigest()
    made = folder / "facts.json"
    if not made.is_file() or json.loads(made.read_text())["generator"] != code:
        name = f"making {folder.name}"
        found = measure([Candidate(name, call, given)], 1)[name]
        made.write_text(json.dumps({**found.facts, "generator": code}))
    return dict(json.loads(made.read_text()))


def warm(paths: Iterable[Path]) -> None:
    """Read files once, so that the first candidate does not pay for the disk alone."""
    for path in paths:
        with path.open("rb") as opened:
            while opened.read(1 << 20):
                pass


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a Markdown table: the first column is text, the others are figures.

    >>> print(table(["what", "seconds"], [["one", 1.25]]))
    | what | seconds |
    | :-- | --: |
    | one | 1.25 |
    """
    lines = [head, [":--", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
