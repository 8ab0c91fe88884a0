"""Finding companies by name alone, beside cosine similarity of letters: how long, how much memory, how right."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benches.firms import NAME, Firms
from benches.harness import Candidate, Measured, Scale, measure, table, warm

__all__ = ["bench", "idgraph", "reaching", "score", "sparse_dot_topn", "string_grouper"]

_IDGRAPH: Final = "idgraph"
_PEERS: Final = {"sparse_dot_topn": "benches.names:sparse_dot_topn", "string_grouper": "benches.names:string_grouper"}
_SIZES: Final = (100_000,)
_ALONE: Final = (1_000_000,)  # what only idgraph is asked
_DEFAULT: Final = 0.8  # string_grouper's threshold
_LEAST: Final = 0.4  # below it pairs are too many to look at
_MOST: Final = 20  # matches of one name: string_grouper's default
_LETTERS: Final = 3
_STEPS: Final = 1_000  # thresholds are shown as they are asked
_METHOD: Final = """\
Two lists of made-up company names of one length (`benches/firms.py`); half of the second are companies of the first,
written down once more: with typing errors, other legal forms or none, words in another order, cut, joined, with a
region in brackets. Names are all there is. Read from Parquet, pairs written back.

- **idgraph**: `link_tables(left, right, id="id")`: defaults, of which one is that .98 of all links are expected to be
  right. Names within a list are compared too, to see what is alike by chance.
- **sparse_dot_topn**: TF-IDF of {letters} letters in a row by scikit-learn, lower case, and the product of the two
  matrices, at most {most} for each name, on all cores.
- **string_grouper**: `match_strings(left, right)`, on all cores.

Peers have a threshold of similarity: {default}, which is string_grouper's default, and the one at which their recall is
idgraph's, which nobody knows beforehand. Precision, recall and F1 are of pairs. {runs}"""


def idgraph(rows: int, out: str) -> dict[str, Any]:
    """Find the pairs; write `pairs.parquet`."""
    import polars as pl

    import idgraph as ig

    firms = Firms(rows)
    found = ig.link_tables(pl.read_parquet(firms.left), pl.read_parquet(firms.right), id="id")
    used = found.links.filter(pl.col("state").cast(pl.String) == "used")
    _write(used.select(left="left_id", right="right_id", similarity="probability"), out)
    return {"compared": found.compared, "keys": list(found.keys)}


def sparse_dot_topn(rows: int, least: float, out: str) -> dict[str, Any]:
    """Find the pairs; write `pairs.parquet`."""
    import os

    import polars as pl
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    firms = Firms(rows)
    left, right = (pl.read_parquet(path) for path in (firms.left, firms.right))
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(_LETTERS, _LETTERS))
    vectors.fit(pl.concat([left, right])[NAME])
    of_left, of_right = (vectors.transform(side[NAME]) for side in (left, right))
    found = sp_matmul_topn(of_left, of_right.T, top_n=_MOST, threshold=least, n_threads=os.cpu_count()).tocoo()
    ids = {"left": left["id"].gather(found.row), "right": right["id"].gather(found.col)}
    _write(pl.DataFrame({**ids, "similarity": found.data}), out)
    return {}


def string_grouper(rows: int, least: float, out: str) -> dict[str, Any]:
    """Find the pairs; write `pairs.parquet`."""
    import os

    import pandas as pd
    import polars as pl
    from string_grouper import match_strings

    firms = Firms(rows)
    left, right = (pd.read_parquet(path) for path in (firms.left, firms.right))
    asked = {"min_similarity": least, "max_n_matches": _MOST, "number_of_processes": os.cpu_count()}
    found = match_strings(left[NAME], right[NAME], left["id"], right["id"], **asked)
    dtypes = {"left_id": pl.String, "right_id": pl.String, "similarity": pl.Float64}
    pairs = pl.DataFrame({name: found[name].tolist() for name in dtypes}, schema=dtypes)
    _write(pairs.select(left="left_id", right="right_id", similarity="similarity"), out)
    return {}


def _write(pairs: Any, out: str) -> None:  # noqa: ANN401 - a Polars frame, not imported here
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    pairs.write_parquet(folder / "pairs.parquet")


def score(found: str, truth: str) -> dict[str, float]:
    """Give precision, recall and F1 of a file of pairs against a file of true ones: left, right."""
    import polars as pl

    pairs, true = (pl.read_parquet(path).select("left", "right") for path in (found, truth))
    right = pairs.join(true, on=["left", "right"], how="semi").height
    precision, recall = right / pairs.height if pairs.height else 1.0, right / true.height
    return {"precision": precision, "recall": recall, "f1": 2 * right / (pairs.height + true.height)}


def reaching(found: str, truth: str, recall: float) -> float:
    """Give the similarity from which on a file of pairs holds a share of the true ones; the lowest if it never does."""
    import math

    import polars as pl

    true = pl.read_parquet(truth)
    pairs = pl.read_parquet(found).join(true, on=["left", "right"], how="semi")
    asked = max(1, math.ceil(recall * true.height))
    ranked = pairs["similarity"].sort(descending=True)
    return math.floor(ranked[asked - 1] * _STEPS) / _STEPS if asked <= len(ranked) else _LEAST


def bench(scale: Scale) -> str:
    """Measure all sizes; give the table in Markdown."""
    largest = max(scale.sizes)
    sizes = [rows for rows in (*_SIZES, *_ALONE) if rows <= largest] or [largest]
    said = _METHOD.format(letters=_LETTERS, most=_MOST, default=_DEFAULT, runs=scale.told)
    return "\n\n".join([said, _table({rows: _measured(rows, scale.runs) for rows in sizes})])


def _measured(rows: int, runs: int) -> dict[str, tuple[Measured, Mapping[str, float]]]:
    """What each candidate took, and how right it was, by its name and threshold."""
    firms = Firms(rows)
    firms.ensure()
    warm([firms.left, firms.right])
    out = firms.truth.parent / "found"
    given = {"rows": rows, "out": str(out)}
    found = _ran([Candidate(_IDGRAPH, "benches.names:idgraph", given)], runs if rows not in _ALONE else 1, out, firms)
    if rows in _ALONE:
        return found
    recall = found[_IDGRAPH][1]["recall"]
    peers = []
    for name, call in _PEERS.items():
        alike = _alike(Candidate(name, call, {**given, "least": _LEAST}), recall, out, firms)
        asked = {f"{name} ({least:.3f})": {**given, "least": least} for least in (_DEFAULT, alike)}
        peers += [Candidate(shown, call, more) for shown, more in asked.items()]
    return found | _ran(peers, runs, out, firms)


def _ran(
    candidates: Sequence[Candidate], runs: int, out: Path, firms: Firms
) -> dict[str, tuple[Measured, Mapping[str, float]]]:
    scores: dict[str, Mapping[str, float]] = {}

    def score_once_and_clear(candidate: Candidate) -> None:
        if candidate.name not in scores:
            scores[candidate.name] = _asked("benches.names:score", out, firms)
        shutil.rmtree(out)

    try:
        found = measure(candidates, runs, after=score_once_and_clear)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return {name: (one, scores[name]) for name, one in found.items()}


def _alike(candidate: Candidate, recall: float, out: Path, firms: Firms) -> float:
    """The threshold at which a peer finds as much."""
    try:
        measure([candidate], 1)
        return float(_asked("benches.names:reaching", out, firms, recall=recall))
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _asked(call: str, out: Path, firms: Firms, **more: float) -> Any:  # noqa: ANN401 - what the call returns
    """Ask in a process of its own, so that what is measured stays small."""
    given = {"found": str(out / "pairs.parquet"), "truth": str(firms.truth), **more}
    return measure([Candidate("scoring", call, given)], 1)["scoring"].facts


def _table(found: Mapping[int, Mapping[str, tuple[Measured, Mapping[str, float]]]]) -> str:
    head = ["", "seconds", "CPU seconds", "peak GB", "precision", "recall", "F1"]
    lines: list[Sequence[object]] = []
    for rows, by_name in found.items():
        lines.append([f"**{rows:,} names and {rows:,}**", *[""] * (len(head) - 1)])
        for name, (one, said) in by_name.items():
            right = [f"{said[key]:.3f}" for key in ("precision", "recall", "f1")]
            lines.append([name, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.peak:.2f}", *right])
    return table(head, lines)
