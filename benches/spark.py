"""A Spark of this machine that is watched: what it shuffles, by its event log, and the memory of all its processes."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Stages

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["HEAP", "PARTITIONS", "Watched", "watched"]

HEAP: Final = "4g"
PARTITIONS: Final = 16
_SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.memory": HEAP,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": PARTITIONS,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.rolling.enabled": "false",
    "spark.eventLog.compress": "false",
}
_DESCRIPTION: Final = "spark.job.description"
_METRIC: Final = "internal.metrics."
_EVERY: Final = 0.5  # seconds between two looks at memory
_FAIR: Final = 100_000  # rows that a stage has to read before its skew says anything
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Watched:
    """A session, and what was seen of it once it has ended.

    Attributes:
        session: in UTC, on two cores.
        steps: for each step, in order: seconds, stages that ran, those of them that wrote a shuffle, the bytes and rows
            of all shuffles, the bytes of the largest, and the worst skew: rows that a task read, as a multiple of the
            mean of its stage.
        peaks: bytes of memory at the highest: of this process (`driver`), of Java (`java`), of all Python workers
            together (`workers`); of pages that several processes share each has its part.
        cpu: seconds of all of them.
    """

    def __init__(self, session: SparkSession, log: Path) -> None:
        self.session = session
        self.steps: dict[str, dict[str, float]] = {}
        self.peaks = {"driver": 0, "java": 0, "workers": 0}
        self.cpu = 0.0
        self._log = log
        self._clock = Stages()
        self._ended = threading.Event()
        self._looking = threading.Thread(target=self._watch, daemon=True)
        self._looking.start()

    def __call__(self, step: str) -> None:
        """Begin a step, which ends the one before."""
        self._clock(step)
        self.session.sparkContext.setJobDescription(step)

    def end(self) -> None:
        """Stop Spark, and read what it wrote down."""
        seconds = self._clock.done()["seconds"]
        self._ended.set()
        self._looking.join()
        self._look()
        self.session.stop()
        found = _steps(self._log)
        self.steps = {step: {"seconds": took, **found.get(step, _nothing())} for step, took in seconds.items()}

    def _watch(self) -> None:
        while not self._ended.wait(_EVERY):
            self._look()

    def _look(self) -> None:
        now = dict.fromkeys(self.peaks, 0)
        ticks = 0
        for process, name, said in _processes(os.getpid()):
            kind = "driver" if process == os.getpid() else "java" if name == "java" else "workers"
            now[kind] += _own_memory(process)
            ticks += sum(map(int, said[11:15]))  # its own and those of children that have ended
        self.peaks = {kind: max(peak, now[kind]) for kind, peak in self.peaks.items()}
        self.cpu = ticks / _TICKS


@contextmanager
def watched(**settings: str) -> Iterator[Watched]:
    """Give a session of Spark on two cores of this machine, and watch it; see `Watched`."""
    from pyspark.sql import SparkSession

    folder = Path(tempfile.mkdtemp())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    try:
        own = {**_SETTINGS, "spark.eventLog.dir": f"file://{folder}", "spark.local.dir": str(folder / "local")}
        session = SparkSession.builder.master("local[2]").config(map={**own, **settings}).getOrCreate()
        seen = Watched(session, folder)
        yield seen
        seen.end()
    finally:
        shutil.rmtree(folder)


def _steps(log: Path) -> dict[str, dict[str, float]]:
    """What each step did, by the events of its stages and tasks."""
    (events,) = [path for path in log.iterdir() if path.is_file()]
    step_of: dict[int, str] = {}
    read: dict[int, list[int]] = {}
    steps: dict[str, dict[str, float]] = {}
    with events.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith(('{"Event":"SparkListenerStage', '{"Event":"SparkListenerTaskEnd"')):
                continue
            event = json.loads(line)
            if event["Event"] == "SparkListenerStageSubmitted":
                step_of[event["Stage Info"]["Stage ID"]] = (event.get("Properties") or {}).get(_DESCRIPTION, "")
            elif event["Event"] == "SparkListenerTaskEnd":
                metrics = event.get("Task Metrics") or {"Shuffle Read Metrics": {"Total Records Read": 0}}
                read.setdefault(event["Stage ID"], []).append(metrics["Shuffle Read Metrics"]["Total Records Read"])
            elif event["Event"] == "SparkListenerStageCompleted":
                of_step = steps.setdefault(step_of[event["Stage Info"]["Stage ID"]], _nothing())
                _add(of_step, event["Stage Info"], read.pop(event["Stage Info"]["Stage ID"], []))
    return steps


def _nothing() -> dict[str, float]:
    return {"stages": 0, "shuffles": 0, "bytes": 0, "rows": 0, "largest": 0, "skew": 0.0}


def _add(step: dict[str, float], stage: dict[str, Any], read: list[int]) -> None:
    metrics = {
        found["Name"].removeprefix(_METRIC): int(found["Value"])
        for found in stage["Accumulables"]
        if found.get("Name", "").startswith(f"{_METRIC}shuffle.write.")
    }
    step["stages"] += 1
    step["shuffles"] += "shuffle.write.bytesWritten" in metrics
    step["bytes"] += metrics.get("shuffle.write.bytesWritten", 0)
    step["largest"] = max(step["largest"], metrics.get("shuffle.write.bytesWritten", 0))
    step["rows"] += metrics.get("shuffle.write.recordsWritten", 0)
    if sum(read) >= _FAIR and len(read) > 1:
        step["skew"] = max(step["skew"], max(read) * len(read) / sum(read))


def _own_memory(process: int) -> int:
    """Bytes of memory of a process, of shared pages its part; none of one that has ended."""
    try:
        said = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss: +(\d+) kB", said, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _processes(root: int) -> list[tuple[int, str, list[str]]]:
    """A process and all that it started: number, name, and what proc(5) says of it from its third field on."""
    found = {}
    for process in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()):
        try:
            said = Path(f"/proc/{process}/stat").read_text()
        except OSError:  # which has ended meanwhile
            continue
        found[process] = (process, said[said.index("(") + 1 : said.rindex(")")], said[said.rindex(")") + 1 :].split())
    inside = {root}
    while more := {process for process, _, said in found.values() if int(said[1]) in inside} - inside:
        inside |= more
    return [found[process] for process in inside if process in found]
