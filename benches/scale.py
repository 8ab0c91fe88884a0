"""How the same run grows on Spark: time, bytes that are shuffled, memory; and what components cost there."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from typing import Any, Final

from benches.harness import Candidate, Measured, Scale, measure, table, warm
from benches.spark import HEAP, PARTITIONS, watched
from benches.workload import Workload

__all__ = ["bench", "components", "everything"]

_SMALLEST: Final = 100_000  # records
_METHOD: Final = """\
The exports of the exact path as Spark frames, `resolve(…)` without rule `similar`, and `graph.write(…)` of every frame,
on `local[2]`: one process of Spark with two cores and a heap of {heap}, which is driver and executor, and its Python
workers; {partitions} partitions, adaptive execution as it is by default. One run each.

- **shuffled**: what stages wrote for others, compressed, as Spark's event log has it.
- **peak GB**: resident memory, looked at twice a second: of the process of `resolve`, of Java, and of all Python
  workers together. A heap grows to what it may have before it is cleared: that it sufficed is what Java's figure says.
- **skew**: of the stages that read at least 100,000 rows of a shuffle in several tasks, the rows that the largest task
  read as a multiple of the mean."""
_COMPONENTS: Final = """\
Components alone, of the edges of the exact path: each record that shares a value is joined to the first that holds it.
*Driver* is one machine's union, edges and answer moved; *workers* is large-star and small-star contraction, each round
checkpointed. Both find the same components, or the run fails."""


def everything(records: int, out: str) -> dict[str, Any]:
    """Resolve on Spark, and write all frames."""
    from dataclasses import replace

    from idgraph import resolve
    from idgraph.config import Config

    with watched() as seen:
        seen("starting")
        read = seen.session.read.parquet
        sources = [replace(source, data=read(source.data)) for source in Workload(records).sources()]
        exact = Config(region="US", without=("similar",))
        graph = resolve(*sources, config=exact, session=seen.session, progress=seen)
        seen("writing")
        graph.write(out)
    return {"steps": seen.steps, "peaks": seen.peaks, "cpu": seen.cpu}


def components(records: int, *, workers: bool) -> dict[str, Any]:
    """Find components on the driver, or on the workers."""
    import narwhals.stable.v2 as nw

    from idgraph.engines import engine_for
    from idgraph.engines.spark.engine import DRIVER_EDGES

    rounds = _Rounds()
    logging.getLogger("idgraph").addHandler(rounds)
    logging.getLogger("idgraph").setLevel(logging.INFO)
    with watched(**{DRIVER_EDGES: "0" if workers else str(1 << 40)}) as seen:
        engine = engine_for(session=seen.session)
        edges = engine.checkpoint(nw.from_native(seen.session.read.parquet(str(Workload(records).edges))))
        seen("step")
        found = engine.components(edges)
        counted = [engine.count(found), engine.count(found.select("component").unique())]
    return {**seen.steps["step"], "peaks": seen.peaks, "found": counted, "rounds": rounds.said}


class _Rounds(logging.Handler):
    """How many rounds were told of."""

    said = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.said += record.getMessage().startswith("components: round")


def bench(scale: Scale) -> str:
    """Measure all sizes; give the tables in Markdown."""
    sizes = sorted({_SMALLEST, *scale.sizes})
    facts = {records: Workload(records).ensure() for records in sizes}
    warm(path for records in sizes for path in Workload(records).tables)
    found = {records: _resolved(Workload(records)) for records in sizes}
    largest = sizes[-1]
    parts = [
        _METHOD.format(heap=HEAP, partitions=PARTITIONS),
        _sizes_table(found),
        f"Where it goes, at {largest:,} records; *largest* are the bytes a record of the largest shuffle of a step.",
        _steps_table(found[largest], largest),
        _COMPONENTS,
        _components_table({records: _connected(records) for records in sizes}, facts),
    ]
    return "\n\n".join(parts)


def _resolved(work: Workload) -> Measured:
    given = {"records": work.records, "out": str(work.results)}
    candidate = Candidate(f"{work.records:,} records on Spark", "benches.scale:everything", given)
    return measure([candidate], 1, after=lambda _: shutil.rmtree(work.results))[candidate.name]


def _connected(records: int) -> Mapping[str, Measured]:
    given = {"driver": False, "workers": True}
    candidates = [
        Candidate(name, "benches.scale:components", {"records": records, "workers": workers})
        for name, workers in given.items()
    ]
    found = measure(candidates, 1)
    answers = {name: one.facts["found"] for name, one in found.items()}
    if answers["driver"] != answers["workers"]:
        raise RuntimeError(f"driver and workers do not agree on nodes and components: {answers}")
    return found


def _sizes_table(found: Mapping[int, Measured]) -> str:
    peaks = ["peak GB: resolve", "Java", "workers"]
    head = ["records", "seconds", "CPU seconds", *peaks, "stages", "shuffled GB", "bytes a record", "skew"]
    rows = []
    for records, one in found.items():
        steps = one.facts["steps"].values()
        shuffled = sum(step["bytes"] for step in steps)
        rows.append(
            [
                f"{records:,}",
                f"{one.wall:.0f}",
                f"{one.facts['cpu']:.0f}",
                *_peaks(one.facts),
                sum(step["stages"] for step in steps),
                f"{shuffled / 1e9:.2f}",
                f"{shuffled / records:,.0f}",
                f"{max(step['skew'] for step in steps):.1f}×",
            ]
        )
    return table(head, rows)


def _steps_table(one: Measured, records: int) -> str:
    head = ["step", "seconds", "stages", "that shuffle", "rows a record", "bytes a record", "largest", "skew"]
    rows = [
        [
            step,
            f"{said['seconds']:.0f}",
            said["stages"],
            said["shuffles"],
            f"{said['rows'] / records:.1f}",
            f"{said['bytes'] / records:,.0f}",
            f"{said['largest'] / records:,.0f}",
            f"{said['skew']:.1f}×" if said["skew"] else "",
        ]
        for step, said in one.facts["steps"].items()
    ]
    return table(head, rows)


def _components_table(found: Mapping[int, Mapping[str, Measured]], facts: Mapping[int, Mapping[str, Any]]) -> str:
    peaks = ["peak GB: process", "Java"]
    head = ["edges", "driver, seconds", *peaks, "workers, seconds", *peaks, "rounds", "bytes an edge"]
    rows = []
    for records, by_name in found.items():
        edges = facts[records]["edges"]
        driver, workers = by_name["driver"].facts, by_name["workers"].facts
        rows.append(
            [
                f"{edges:,}",
                *(cell for one in (driver, workers) for cell in (f"{one['seconds']:.0f}", *_peaks(one)[:2])),
                workers["rounds"],
                f"{workers['bytes'] / edges:,.0f}",
            ]
        )
    return table(head, rows)


def _peaks(facts: Mapping[str, Any]) -> list[str]:
    return [f"{facts['peaks'][kind] / 1e9:.1f}" for kind in ("driver", "java", "workers")]
