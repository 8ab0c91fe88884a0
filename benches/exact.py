"""The exact path, from exports to entities on disk, beside the floor: reading, hashing and writing the same input."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benches.harness import Candidate, Measured, Scale, Stages, measure, table, warm
from benches.workload import VALUES, Workload

__all__ = ["bench", "entities", "everything", "floor", "score"]

_FLOOR: Final = "floor"
_HASHES: Final = "floor on hashes"
_IDGRAPH: Final = "idgraph"
_ENTITIES: Final = "idgraph, entities only"
_METHOD: Final = """\
Four exports as Parquet (users, contacts, leads, web visitors), rows shuffled: {records:,} records of {people:,} people,
with {values:,} e-mails, phones, devices and user ids; 20 to 40 % of the cells are empty, {junk:.1%} of the values are
junk.

- **floor**: Polars reads the tables, finds the distinct values of each type of identifier, and writes the tables back.
- **floor on hashes**: the same on 64-bit hashes of the values, which may take two values for one.
- **idgraph**: `resolve(…)`, then `graph.write(…)` of every frame, evidence included.
- **idgraph, entities only**: the same, writing no more than profiles and assignments.

All write Parquet with zstd at level 1. Precision and recall are pairwise against the true people; *of reachable* is
recall among the pairs that values in the tables join, which is all that exact evidence can find. {runs}"""


def floor(records: int, out: str, *, hashed: bool = False) -> dict[str, Any]:
    """Read, find distinct values, write."""
    import polars as pl

    stages, work, folder = Stages(), Workload(records), Path(out)
    folder.mkdir(parents=True)
    stages("reading")
    tables = {path.stem: pl.read_parquet(path) for path in work.tables}
    stages("hashing")
    distinct = 0
    for columns in VALUES.values():
        values = pl.concat([tables[name][column] for name, column in columns.items()]).drop_nulls()
        distinct += (values.hash() if hashed else values).unique().len()
    stages("writing")
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1)
    return {**stages.done(), "distinct": distinct}


def everything(records: int, out: str) -> dict[str, Any]:
    """Resolve, and write all frames."""
    stages = Stages()
    graph = _resolved(records, stages)
    stages("writing")
    graph.write(out)
    return stages.done()


def entities(records: int, out: str) -> dict[str, Any]:
    """Resolve, and write only the profiles and which records they are made of."""
    stages = Stages()
    graph = _resolved(records, stages)
    stages("writing")
    graph.write(out, frames=["profiles", "assignments"])
    return stages.done()


def _resolved(records: int, stages: Stages) -> Any:  # noqa: ANN401 - an idgraph.Graph, which is not yet imported
    stages("starting")
    from idgraph import resolve
    from idgraph.config import Config

    sources = Workload(records).sources()
    return resolve(*sources, config=Config(region="US", without=("similar",)), progress=stages)


def score(records: int, out: str) -> dict[str, Any]:
    """Compare what was written with the truth."""
    import narwhals.stable.v2 as nw
    import polars as pl

    from idgraph.audit.metrics import quality

    found = pl.read_parquet(Path(out) / "assignments.parquet", columns=["record_id", "entity_id"])
    truth = pl.read_parquet(Workload(records).truth)
    placed = nw.from_native(found, eager_only=True)
    scores = {
        kind: quality(placed, nw.from_native(truth.select("record_id", entity_id=kind), eager_only=True))
        for kind in ("entity_id", "reachable_id")
    }
    true, reachable = scores["entity_id"], scores["reachable_id"]
    return {
        "records": true.records,
        "profiles": found["entity_id"].n_unique(),
        "precision": true.precision,
        "recall": true.recall,
        "of_reachable": reachable.recall,
    }


def bench(scale: Scale) -> str:
    """Measure all sizes; give the tables in Markdown."""
    facts = {records: Workload(records).ensure() for records in scale.sizes}
    found, scores = {}, {}
    for records in scale.sizes:
        found[records], scores[records] = _measured(Workload(records), scale.runs)
    largest = scale.sizes[-1]
    of_largest = facts[largest]
    parts = [
        _METHOD.format(**{**of_largest, "junk": of_largest["junk"] / of_largest["values"], "runs": scale.told}),
        _sizes_table(found, scores),
        f"Where the time goes, at {largest:,} records; the peak is the highest so far.",
        _stages_table(found[largest][_IDGRAPH]),
    ]
    if len(scale.sizes) > 1:
        parts += [
            f"Growth from {scale.sizes[0]:,} to {largest:,} records, linear being {largest / scale.sizes[0]:g}×.",
            _growth_table(found[scale.sizes[0]], found[largest]),
        ]
    return "\n\n".join(parts)


def _measured(work: Workload, runs: int) -> tuple[dict[str, Measured], dict[str, Any]]:
    """Run all candidates on one size, and score what idgraph wrote first."""
    warm(work.tables)
    given = {"records": work.records, "out": str(work.results)}
    scores: dict[str, Any] = {}

    def score_once_and_clear(candidate: Candidate) -> None:
        if candidate.name == _IDGRAPH and not scores:
            scores.update(measure([Candidate("scoring", "benches.exact:score", given)], 1)["scoring"].facts)
        shutil.rmtree(work.results)

    candidates = [
        Candidate(_FLOOR, "benches.exact:floor", given),
        Candidate(_HASHES, "benches.exact:floor", {**given, "hashed": True}),
        Candidate(_IDGRAPH, "benches.exact:everything", given),
        Candidate(_ENTITIES, "benches.exact:entities", given),
    ]
    try:
        return measure(candidates, runs, after=score_once_and_clear), scores
    finally:
        shutil.rmtree(work.results, ignore_errors=True)


def _sizes_table(found: Mapping[int, Mapping[str, Measured]], scores: Mapping[int, Mapping[str, Any]]) -> str:
    head = ["", "seconds", "× floor", "CPU seconds", "× floor", "peak GB", "precision", "recall", "of reachable"]
    rows = []
    for records, by_name in found.items():
        base = by_name[_FLOOR]
        rows.append([f"**{records:,} records**", *[""] * (len(head) - 1)])
        for name, one in by_name.items():
            quality = [f"{scores[records][key]:.4f}" for key in ("precision", "recall", "of_reachable")]
            wall = [f"{one.wall:.1f}", f"{one.wall / base.wall:.1f}"]
            cpu = [f"{one.cpu:.1f}", f"{one.cpu / base.cpu:.1f}"]
            rows.append([name, *wall, *cpu, f"{one.peak:.2f}", *(quality if name == _IDGRAPH else ["", "", ""])])
    return table(head, rows)


def _stages_table(one: Measured) -> str:
    def row(stage: str) -> list[str]:
        seconds = one.median(lambda run: run.facts["seconds"][stage])
        peak = one.median(lambda run: run.facts["peaks"][stage])
        return [stage, f"{seconds:.1f}", f"{seconds / one.wall:.0%}", f"{peak:.2f}"]

    return table(["idgraph", "seconds", "share", "peak GB"], map(row, one.facts["seconds"]))


def _growth_table(small: Mapping[str, Measured], large: Mapping[str, Measured]) -> str:
    rows = [
        [name, f"{large[name].wall / small[name].wall:.1f}×", f"{large[name].peak / small[name].peak:.1f}×"]
        for name in small
    ]
    return table(["", "seconds", "peak"], rows)
