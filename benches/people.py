"""Finding the people of one table, beside Splink: how long, how much memory, how right, and how it grows."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benches.harness import Candidate, Measured, Scale, Stages, measure, table, warm
from benches.population import Population

__all__ = ["bench", "idgraph"]

_IDGRAPH: Final = "idgraph"
_SPLINK: Final = "Splink"
_ORACLE: Final = "Splink, best threshold"
_SIZES: Final = (100_000, 1_000_000)
_ALONE: Final = (10_000_000,)  # what only idgraph is asked
_METHOD: Final = """\
Made-up people (`benches/population.py`): names, birthday, e-mail, town and postcode; a quarter of the rows are copies
with typing errors, nicknames, swapped names, other addresses and empty cells; a fifth of the people share surname and
address with somebody else. Read from Parquet, clusters written back. No labels.

- **idgraph**: `dedupe(table, id="id")`: defaults.
- **Splink**: the comparisons that its documentation gives for such columns, eight blocking rules, and its usual
  threshold of 0.95; see `benches/splink_models.py`.
- **Splink, best threshold**: the same run at the threshold that the truth says is best, which nobody knows beforehand.

Pairwise precision, recall and F1, and B-cubed F1, are of the final clusters. {runs}"""


def idgraph(rows: int, out: str) -> dict[str, Any]:
    """Find the people; write `clusters.parquet`."""
    import polars as pl

    stages = Stages()
    stages("starting")
    import idgraph as ig

    found = ig.dedupe(pl.read_parquet(Population(rows).table), id="id", progress=stages)
    stages("clustering")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    found.entities.rename({"id": "record_id"}).write_parquet(folder / "clusters.parquet")
    return {**stages.done(), "compared": found.compared}


def bench(scale: Scale) -> str:
    """Measure all sizes; give the tables in Markdown."""
    sizes = [rows for rows in (*_SIZES, *_ALONE) if rows <= max(scale.sizes)]
    found, scores = {}, {}
    for rows in sizes:
        Population(rows).ensure()
        found[rows], scores[rows] = _measured(rows, scale.runs)
    common = max(rows for rows in sizes if _SPLINK in found[rows])
    shown = found[common][_IDGRAPH]
    pairs = shown.facts["compared"]
    where = f"Where the time goes, at {common:,} rows and {pairs:,} pairs compared; the peak is the highest so far."
    return "\n\n".join([_METHOD.format(runs=scale.told), _sizes_table(found, scores), where, _stages_table(shown)])


def _measured(rows: int, runs: int) -> tuple[dict[str, Measured], dict[str, Any]]:
    people = Population(rows)
    warm([people.table])
    out = people.table.parent / "found"
    scores: dict[str, Any] = {}

    def score_once_and_clear(candidate: Candidate) -> None:
        if candidate.name not in scores:
            scores.update(_scored(candidate.name, out, people.truth))
        shutil.rmtree(out)

    candidates = [Candidate(_IDGRAPH, "benches.people:idgraph", {"rows": rows, "out": str(out)})]
    if rows not in _ALONE:
        given = {"name": "people", "files": [str(people.table)], "out": str(out)}
        candidates.append(Candidate(_SPLINK, "benches.splink_models:run", given))
    try:
        return measure(candidates, runs if rows not in _ALONE else 1, after=score_once_and_clear), scores
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _scored(name: str, out: Path, truth: Path) -> dict[str, Any]:
    """Score in processes of their own, so that what is measured stays small."""
    asked = [Candidate(name, "benches.scoring:score", {"found": str(out / "clusters.parquet"), "truth": str(truth)})]
    if name == _SPLINK:
        pairs = {"pairs": str(out / "pairs.parquet"), "truth": str(truth)}
        asked.append(Candidate(_ORACLE, "benches.scoring:best", pairs))
    return {scored: one.facts for scored, one in measure(asked, 1).items()}


def _sizes_table(found: Mapping[int, Mapping[str, Measured]], scores: Mapping[int, Mapping[str, Any]]) -> str:
    head = ["", "seconds", "CPU seconds", "peak GB", "precision", "recall", "F1", "B³ F1"]
    lines: list[Sequence[object]] = []
    for rows, by_name in found.items():
        lines.append([f"**{rows:,} rows**", *[""] * (len(head) - 1)])
        for name, said in scores[rows].items():
            one = by_name.get(name)
            cost = [f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.peak:.2f}"] if one else ["", "", ""]
            right = [f"{said[key]:.3f}" for key in ("precision", "recall", "f1", "bcubed_f1")]
            shown = f"{name} ({said['threshold']})" if "threshold" in said else name
            lines.append([shown, *cost, *right])
    return table(head, lines)


def _stages_table(one: Measured) -> str:
    def row(stage: str) -> list[str]:
        seconds = one.median(lambda run: run.facts["seconds"][stage])
        peak = one.median(lambda run: run.facts["peaks"][stage])
        return [stage, f"{seconds:.1f}", f"{seconds / one.wall:.0%}", f"{peak:.2f}"]

    return table(["idgraph", "seconds", "share", "peak GB"], map(row, one.facts["seconds"]))
