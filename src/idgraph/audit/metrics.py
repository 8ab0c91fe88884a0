"""How good a partition is, against a known truth: pairwise and B-cubed precision, recall and F1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw

from idgraph.engines import Engine, engine_for
from idgraph.errors import ConfigError, MappingError, mask_id, mask_text
from idgraph.schema import TEXT

__all__ = ["Quality", "evaluate", "known_of", "of_kind", "quality", "read_truth"]


@dataclass(frozen=True)
class Quality:
    """Agreement of found entities with true ones.

    Attributes:
        records: how many records are in both.
        pairs_found, pairs_true, pairs_right: pairs of records in one found entity, in one true entity, in both.
        bcubed_precision, bcubed_recall: means over records (Bagga and Baldwin, 1998).
    """

    records: int
    pairs_found: int
    pairs_true: int
    pairs_right: int
    bcubed_precision: float
    bcubed_recall: float

    def as_dict(self) -> dict[str, float]:
        """Give the scores by name, the number of records first."""
        names = ("records", "precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "bcubed_f1")
        return {name: getattr(self, name) for name in names}

    @property
    def precision(self) -> float:
        """Share of the found pairs that are true; 1 where no pair is found."""
        return self.pairs_right / self.pairs_found if self.pairs_found else 1.0

    @property
    def recall(self) -> float:
        """Share of the true pairs that are found; 1 where there is none."""
        return self.pairs_right / self.pairs_true if self.pairs_true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _harmonic(self.precision, self.recall)

    @property
    def bcubed_f1(self) -> float:
        """Harmonic mean of B-cubed precision and recall."""
        return _harmonic(self.bcubed_precision, self.bcubed_recall)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def quality(found: nw.DataFrame, truth: nw.DataFrame) -> Quality:
    """Compare two partitions of records; records in only one of them do not count.

    Args:
        found: record_id, entity_id.
        truth: record_id, entity_id.

    Returns:
        Counts and means; pairs are counted by group sizes, never listed.

    >>> import polars as pl
    >>> records = ["a", "b", "c"]
    >>> found = nw.from_native(pl.DataFrame({"record_id": records, "entity_id": ["1", "1", "1"]}))
    >>> truth = nw.from_native(pl.DataFrame({"record_id": records, "entity_id": ["x", "x", "y"]}))
    >>> result = quality(found, truth)
    >>> round(result.precision, 2), result.recall, round(result.bcubed_precision, 2)
    (0.33, 1.0, 0.56)
    """
    both = found.select("record_id", nw.col("entity_id").alias("found")).join(
        truth.select("record_id", nw.col("entity_id").alias("true")), on="record_id"
    )
    cells = both.group_by("found", "true").agg(nw.len().cast(nw.Int64()).alias("n"))
    found_sizes = cells.group_by("found").agg(nw.col("n").sum())
    true_sizes = cells.group_by("true").agg(nw.col("n").sum())
    sized = cells.join(found_sizes.rename({"n": "n_found"}), on="found").join(
        true_sizes.rename({"n": "n_true"}), on="true"
    )
    sized = sized.sort("found", "true")  # so that the last digits of the means are always the same
    total = both.shape[0]
    squared = nw.col("n") * nw.col("n")
    means = sized.select(precision=(squared / nw.col("n_found")).sum(), recall=(squared / nw.col("n_true")).sum())
    return Quality(
        records=total,
        pairs_found=_pairs(found_sizes),
        pairs_true=_pairs(true_sizes),
        pairs_right=_pairs(cells),
        bcubed_precision=float(means["precision"][0]) / total if total else 1.0,
        bcubed_recall=float(means["recall"][0]) / total if total else 1.0,
    )


def known_of(frames: Mapping[str, nw.LazyFrame], truth: nw.LazyFrame, kind: str | None, engine: Engine) -> nw.LazyFrame:
    """Refuse a truth that cannot be one; rows without an entity say nothing, and are left out.

    Args:
        frames: records.
        truth: record_id, entity_id, and more.
        kind: keep the records of one kind only.
        engine: what runs it.

    Returns:
        record_id (String), entity_id; each record once.

    Raises:
        ConfigError: a column is missing, or a record is put into several entities.
    """
    columns = truth.collect_schema().names()
    missing = [column for column in ("record_id", "entity_id") if column not in columns]
    if missing:
        there = mask_text(", ".join(columns))
        msg = f"the truth has no column {' or '.join(map(repr, missing))}; its columns are {there}"
        raise ConfigError(msg)
    rows = truth.select(nw.col("record_id").cast(TEXT), "entity_id").filter(~nw.col("entity_id").is_null())
    known = rows.unique(["record_id", "entity_id"])
    entities = known.group_by("record_id").agg(nw.len().alias("entities")).filter(nw.col("entities") > 1)
    several = engine.collect(entities.select("record_id").sort("record_id").head(1)).to_series()
    if len(several):
        msg = f"the truth puts {mask_id(several[0])!r} into several entities; on one level a record is in one"
        raise ConfigError(msg)
    return known if kind is None else known.join(of_kind(frames, kind), on="record_id", how="semi")


def of_kind(frames: Mapping[str, nw.LazyFrame], kind: str) -> nw.LazyFrame:
    """The record ids of one kind."""
    return frames["records"].filter(nw.col("kind").cast(TEXT) == kind).select("record_id")


def evaluate(
    frames: Mapping[str, nw.LazyFrame],
    truth: Any,  # noqa: ANN401 - a frame of any library
    level: str,
    kind: str | None,
    engine: Engine,
) -> Quality:
    """Compare the entities of a level with a known truth; records that only one of them has do not count.

    Args:
        frames: records, assignments.
        truth: record_id, entity_id: a frame of any library.
        level: person, tenant or account.
        kind: count the records of one kind only.
        engine: what runs it.

    Raises:
        ConfigError: the truth lacks a column, puts a record into two entities, or knows none of the graph's records.
    """
    known = known_of(frames, engine.lazy(truth), kind, engine)
    placed = frames["assignments"].filter(nw.col("level") == level).select("record_id", "entity_id")
    found = nw.from_native(engine.collect(placed), eager_only=True)
    score = quality(found, nw.from_native(engine.collect(known), eager_only=True))
    if kind is None and not score.records:
        msg = f"no record of the truth is in this graph on level {level}; record ids are '<source>:<native id>'"
        raise ConfigError(msg)
    return score


def read_truth(path: Path) -> nw.LazyFrame:
    """Read a table of known entities.

    Args:
        path: CSV, JSON Lines or Parquet with record_id and entity_id.

    Raises:
        FileError: it cannot be read.
        MappingError: a column is missing.
    """
    table = engine_for().read(TruthFile("truth", path))
    for column in ("record_id", "entity_id"):
        if column not in table.columns:
            names = ", ".join(name for name in table.columns if not name.startswith("__"))
            raise MappingError("truth", f"{path.name} has no column {column!r}", mask_text(f"Its columns are {names}."))
    return table.frame.select("record_id", "entity_id")


@dataclass(frozen=True)
class TruthFile:
    """A file to read as it is."""

    name: str
    data: Path
    format: None = None
    delimiter: None = None
    encoding: None = None


def _pairs(groups: nw.DataFrame) -> int:
    return int((groups["n"] * (groups["n"] - 1)).sum()) // 2
