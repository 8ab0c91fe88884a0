"""Measure, print, and keep the tables: `python -m benches [NAME …] [--quick] [--out PAGE]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from benches import (
    audit,
    churn,
    collapse,
    companies,
    constraints,
    defaults,
    exact,
    hostile,
    names,
    people,
    pql,
    quality,
    scale,
    startup,
    tables,
    worth,
)
from benches.harness import ROOT, Scale
from benches.report import circumstances, put

_PAGE: Final = ROOT / "docs" / "benchmarks.md"
_QUICK: Final = Scale(sizes=(100_000, 1_000_000), runs=1, companies=500)
_BENCHES: Final[dict[str, tuple[str, Callable[[Scale], str]]]] = {
    "exact": ("The exact path, end to end", exact.bench),
    "collapse": ("The collapse step alone", collapse.bench),
    "constraints": ("What constraints cost", constraints.bench),
    "quality": ("How right it is", quality.bench),
    "companies": ("Companies, and who reaches them", companies.bench),
    "hostile": ("What keeps people apart where values lie", hostile.bench),
    "churn": ("How many ids change", churn.bench),
    "tables": ("Labelled tables", tables.bench),
    "defaults": ("Who chose the defaults", defaults.bench),
    "people": ("A million people", people.bench),
    "names": ("Companies by name alone", names.bench),
    "pql": ("Product-qualified accounts", pql.bench),
    "audit": ("How soon it answers", audit.bench),
    "worth": ("What identity is worth", worth.bench),
    "scale": ("How it grows on Spark", scale.bench),
    "startup": ("How soon it starts", startup.bench),
}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benches", description="Measure idgraph beside the floor and its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(_BENCHES)}; all, if none is named")
    parser.add_argument("--quick", action="store_true", help="small inputs, one run: a few minutes")
    parser.add_argument("--runs", type=int, help="how often each candidate runs; by default 3, or 1 if quick")
    parser.add_argument("--out", type=Path, help="the page to put the tables into; docs/benchmarks.md, unless quick")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(_BENCHES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}: there are {', '.join(_BENCHES)}")
    return asked


def main() -> None:
    """Run the benchmarks that were asked for."""
    asked = _asked()
    size = _QUICK if asked.quick else Scale()
    size = replace(size, runs=asked.runs or size.runs)
    page = asked.out or (None if asked.quick else _PAGE)
    for name in asked.names or _BENCHES:
        title, bench = _BENCHES[name]
        print(f"{name} …", file=sys.stderr, flush=True)
        begun = time.perf_counter()
        text = f"## {title}\n\n{circumstances()}\n\n{bench(size)}"
        print(f"{text}\n")
        print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        if page:
            put(page, name, text)


if __name__ == "__main__":
    main()
