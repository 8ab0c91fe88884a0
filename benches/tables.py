"""Labelled tables of others, matched without labels: idgraph with its defaults beside tools that need none either."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benches.harness import ROOT, Candidate, Measured, Scale, measure, table

if TYPE_CHECKING:
    from idgraph import Matches

__all__ = ["FOLDER", "TABLES", "Labelled", "bench", "idgraph", "matched"]

_IDGRAPH, _SPLINK, _ORACLE = "idgraph", "Splink", "Splink, best threshold"
FOLDER: Final = Path(os.environ.get("IDGRAPH_DATA", ROOT.parent / "shared" / "data")) / "benchmarks"
_PEERS: Final = {"recordlinkage": "recordlinkage", "goldenmatch": "GoldenMatch"}
_METHOD: Final = """\
Labelled tables that others published, read from `$IDGRAPH_DATA`; nobody sees the labels but the scorer. Every candidate
is a process of its own.

- **idgraph**: `dedupe(table, id="record_id")`, of febrl4 `link_tables(left, right, id="record_id", one_to_one=True)`:
  one set of defaults for all, and no line of code about any of them; columns that a run does without are dropped
  beforehand.
- **Splink**: at its usual threshold of 0.95, the models of its documentation for historical_50k, febrl3, febrl4 and
  fake_1000, and models of its comparison library for the others; see `benches/splink_models.py`.
- **Splink, best threshold**: the same run at the threshold that the truth says is best, which nobody knows beforehand.
- **recordlinkage**: blocks, Jaro–Winkler and equality, the ECM classifier; see `benches/peers.py`.
- **GoldenMatch**: its zero configuration, and its automatic probabilistic one; two tables go in as one.

Where idgraph is least right, in early_childhood, most errors are of one sort: sites of one organisation, which share
its telephone and words of its name. A hundred labelled pairs (`labels=`) tell them apart: with them F1 was .92 to .93
in each of three draws.

F1 is pairwise, B³ F1 is B-cubed, both of final clusters; in brackets what 95 % of 200 draws of entities give. {runs}
{missing}"""


@dataclass(frozen=True)
class Labelled:
    """A table and what is asked of it.

    Attributes:
        name: in the report.
        file: its name in the folder, without its ending.
        model: its key in `benches.splink_models.MODELS`.
        dropped: columns to do without.
        two: whether it is two tables, told apart by `source`.
    """

    name: str
    file: str
    model: str
    dropped: tuple[str, ...] = ()
    two: bool = False

    @property
    def truth(self) -> Path:
        """record_id, entity_id (String)."""
        return FOLDER / f"{self.file}.truth.parquet"

    def files(self, folder: Path) -> list[str]:
        """The table's files: of two tables in one, a file each, in the folder."""
        import polars as pl

        whole = FOLDER / f"{self.file}.parquet"
        if not self.two:
            return [str(whole)]
        parts = pl.read_parquet(whole).partition_by("source", as_dict=True)
        paths = [folder / f"{number}.parquet" for number in range(len(parts))]
        for path, (_, part) in zip(paths, sorted(parts.items()), strict=True):
            part.drop("source").write_parquet(path)
        return [str(path) for path in paths]


def _contacts(tier: int) -> list[Labelled]:
    file = f"dqbench_er_tier{tier}"
    return [
        Labelled(f"dqbench tier {tier}", file, "contacts"),
        Labelled(f"dqbench tier {tier}, without phone", file, "contacts", ("phone",)),
    ]


TABLES: Final = [
    Labelled("historical_50k", "historical_50k", "historical_50k"),
    Labelled("febrl3", "febrl3", "febrl3"),
    Labelled("febrl3, without soc_sec_id", "febrl3", "febrl3", ("soc_sec_id",)),
    Labelled("febrl4", "febrl4", "febrl4", two=True),
    Labelled("febrl4, without soc_sec_id", "febrl4", "febrl4", ("soc_sec_id",), two=True),
    Labelled("fake_1000", "fake_1000", "fake_1000"),
    Labelled("early_childhood", "early_childhood", "early_childhood"),
    Labelled("patstat_nl", "patstat_nl", "patstat_nl"),
    *(one for tier in (1, 2, 3, 4) for one in _contacts(tier)),
]


def idgraph(files: Sequence[str], out: str, dropped: Sequence[str] = ()) -> dict[str, Any]:
    """Find the entities of one table, or link two; write `clusters.parquet`."""
    found = matched(files, dropped)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    found.entities.rename({"id": "record_id"}).write_parquet(folder / "clusters.parquet")
    return {"compared": found.compared}


def matched(files: Sequence[str], dropped: Sequence[str] = (), **asked: float) -> Matches:
    """Find the entities of one table, or link two, as the report says."""
    import polars as pl

    import idgraph as ig

    frames = [pl.read_parquet(file).drop(*dropped, "source", strict=False) for file in files]
    if len(frames) > 1:
        return ig.link_tables(frames[0], frames[1], id="record_id", one_to_one=True, **asked)
    return ig.dedupe(frames[0], id="record_id", **asked)


def bench(scale: Scale) -> str:
    """Measure all tables; give them in Markdown."""
    found = {one.name: _measured(one, scale.runs) for one in TABLES}
    missing = [shown for package, shown in _PEERS.items() if not _installed(package)]
    said = f"Not installed here, and so left out: {', '.join(missing)}." if missing else ""
    parts = [_METHOD.format(runs=scale.told, missing=said).rstrip(), _table(found), _beside_splink(found)]
    return "\n\n".join(parts)


@dataclass(frozen=True)
class _Result:
    """What one candidate took and found; None for what was not measured, and why nothing was found."""

    cost: Measured | None
    scores: Mapping[str, float] | None
    why: str = ""


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _measured(one: Labelled, runs: int) -> dict[str, _Result]:
    with TemporaryDirectory() as folder:
        files, out, truth = one.files(Path(folder)), Path(folder) / "found", str(one.truth)
        found: dict[str, _Result] = {}
        for candidate in _candidates(one, files, out):
            found |= _tried(candidate, runs, out, truth)
            shutil.rmtree(out, ignore_errors=True)
        return found


def _candidates(one: Labelled, files: Sequence[str], out: Path) -> list[Candidate]:
    given = {"files": files, "out": str(out), "dropped": one.dropped}
    modelled = {**given, "name": one.model}
    found = [
        Candidate(_IDGRAPH, "benches.tables:idgraph", given),
        Candidate(_SPLINK, "benches.splink_models:run", modelled),
    ]
    if _installed("recordlinkage"):
        found.append(Candidate("recordlinkage", "benches.peers:recordlinkage", modelled, runs=1))
    if _installed("goldenmatch"):
        found.append(Candidate("GoldenMatch", "benches.peers:goldenmatch", given, runs=1))
        trained = {**given, "trained": True}
        found.append(Candidate("GoldenMatch, probabilistic", "benches.peers:goldenmatch", trained, runs=1))
    return found


def _tried(candidate: Candidate, runs: int, out: Path, truth: str) -> dict[str, _Result]:
    """Run a candidate and score it; a peer may fail, or be stopped, and then the report says so."""
    try:
        cost = measure([candidate], runs)[candidate.name]
    except RuntimeError as error:
        if candidate.name == _IDGRAPH:
            raise
        return {candidate.name: _Result(None, None, str(error).splitlines()[-1])}
    asked = {"found": str(out / "clusters.parquet"), "truth": truth}
    scoring = [Candidate(candidate.name, "benches.scoring:score", asked)]
    if candidate.name == _SPLINK:
        pairs = {"pairs": str(out / "pairs.parquet"), "truth": truth}
        scoring.append(Candidate(_ORACLE, "benches.scoring:best", pairs))
    scores = {name: done.facts for name, done in measure(scoring, 1).items()}
    return {name: _Result(cost if name == candidate.name else None, said) for name, said in scores.items()}


def _table(found: Mapping[str, Mapping[str, _Result]]) -> str:
    head = ["", "precision", "recall", "F1", "", "B³ F1", "", "seconds", "peak GB"]
    lines: list[Sequence[object]] = []
    for name, results in found.items():
        lines.append([f"**{name}**", *[""] * (len(head) - 1)])
        lines += [[candidate, *_cells(result)] for candidate, result in results.items()]
    return table(head, lines)


def _cells(result: _Result) -> list[str]:
    said, cost = result.scores, result.cost
    if said is None:
        return [f"no result: {result.why[:80]}", *[""] * 7]
    right = [
        f"{said['precision']:.3f}",
        f"{said['recall']:.3f}",
        f"{said['f1']:.4f}",
        f"{said['f1_low']:.3f}–{said['f1_high']:.3f}",
        f"{said['bcubed_f1']:.4f}",
        f"{said['bcubed_low']:.3f}–{said['bcubed_high']:.3f}",
    ]
    return [*right, *([f"{cost.wall:.1f}", f"{cost.peak:.2f}"] if cost else ["", ""])]


def _beside_splink(found: Mapping[str, Mapping[str, _Result]]) -> str:
    """What idgraph gains over Splink, over all tables."""
    lines = []
    for against in (_SPLINK, _ORACLE):
        gains = {
            name: results[_IDGRAPH].scores["f1"] - results[against].scores["f1"]
            for name, results in found.items()
            if against in results and results[against].scores and results[_IDGRAPH].scores
        }
        worst = min(gains, key=lambda name: gains[name])
        middle = f"{median(gains.values()):+.3f}"
        lines.append(f"- {against}: the median gain in F1 is {middle}, the least {gains[worst]:+.4f} ({worst}).")
    return "\n".join(["idgraph beside Splink, over these tables:", "", *lines])
