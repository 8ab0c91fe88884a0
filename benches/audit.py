"""How soon a graph of a million records answers: opened from disk, asked, and written down as a page."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Candidate, Scale, Stages, measure, prepared, table

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["asked", "bench", "make"]

_HOME: Final = Path(__file__).parent / "data"
_RECORDS: Final = 22.5  # of a company, about
_QUESTIONS: Final = 20
_METHOD: Final = """\
A made-up world of {records:,} records (`saas_world({companies:,})`), resolved by shared values alone, written, and
opened by a process of its own, imports included. `explain` and `how` are asked of {questions} profiles, after one
question that does not count; the page is `graph.report(…)` as it is by default. {told}"""


def make(companies: int, folder: str) -> dict[str, Any]:
    """Resolve a world, and write its graph."""
    from idgraph import Config, discover, resolve
    from idgraph.datasets import saas_world

    home = Path(folder)
    saas_world(companies).write(home / "exports")
    graph = resolve(*discover(home / "exports"), config=Config(without=("similar",)))
    graph.write(home / "graph")
    return {"companies": companies, "records": graph.counts()["records"]}


def asked(folder: str) -> dict[str, Any]:
    """Open a graph and ask it; seconds and peak gigabytes by question, and the bytes of its page."""
    import polars as pl

    import idgraph as ig

    clock = Stages()
    clock("open")
    graph = ig.open(folder)
    profiles = graph.profiles.filter(pl.col("records") > 3).sort("entity_id").head(_QUESTIONS + 1)["entity_id"]
    clock("page")
    page = graph.report(Path(folder).parent / "page.html")
    clock("")
    ends = [graph.profile(profile)["record_ids"] for profile in profiles]
    seconds = {
        **clock.seconds,
        "explain": _each([lambda ids=ids: graph.explain(ids[0], ids[-1]) for ids in ends]),
        "how": _each([lambda profile=profile: graph.how(profile) for profile in profiles]),
    }
    return {"seconds": seconds, "peaks": clock.peaks, "bytes": page.stat().st_size}


def _each(questions: list[Callable[[], object]]) -> float:
    """The median of how long questions take, the first left out."""
    took = []
    for question in questions:
        begun = perf_counter()
        question()
        took.append(perf_counter() - begun)
    return median(took[1:])


def bench(scale: Scale) -> str:
    """Measure the questions; give the table in Markdown."""
    companies = round(scale.sizes[0] / _RECORDS)
    folder = _HOME / f"graph-{scale.sizes[0]}"
    folder.mkdir(parents=True, exist_ok=True)
    made = prepared(folder, Path(__file__), "benches.audit:make", {"companies": companies, "folder": str(folder)})
    candidate = Candidate("audit", "benches.audit:asked", {"folder": str(folder / "graph")})
    runs = [run.facts for run in measure([candidate], scale.runs)["audit"].runs]
    rows = [
        [name, f"{median(run['seconds'][name] for run in runs):.3f}", _peak(name, runs)]
        for name in ("open", "explain", "how", "page")
    ]
    size = f"The page has {runs[0]['bytes'] / 1e6:.1f} MB."
    method = _METHOD.format(records=made["records"], companies=companies, questions=_QUESTIONS, told=scale.told)
    return f"{method}\n\n{table(['', 'seconds', 'peak GB'], rows)}\n\n{size}"


def _peak(name: str, runs: list[dict[str, Any]]) -> str:
    return f"{median(run['peaks'][name] for run in runs):.2f}" if name in runs[0]["peaks"] else ""
