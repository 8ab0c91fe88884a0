"""People whom no shared value joins: named ones are compared by name, address, employer and what else is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.errors import ConfigError
from idgraph.linkage.fields import Field
from idgraph.linkage.persons import HOLDS, People, persons, proven
from idgraph.linkage.rules import SIMILAR_RULE
from idgraph.linkage.similar import similar
from idgraph.schema import NUMBER, TEXT

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.linkage.model import Model
    from idgraph.linkage.similar import Similar

__all__ = ["Alike", "similar_people"]

_BELOW_STRICT: Final = 0.1  # what is alike is never evidence that needs no doubt
_LEAST_ROWS: Final = 20  # fewer people teach nothing
_NAMES_DIFFER: Final = 0.05  # of one person's names; colleagues agree in all but their names
_ADDRESSES: Final = (0, 2)  # levels on which an address makes up for a name that differs: marriage, say
_CLEARLY: Final = 2.0  # bits by which a link has to be likelier than its rival
_FILLED: Final = 0.02  # a column of which fewer have a value tells little, and costs as much as others


@dataclass(frozen=True)
class Alike:
    """People who are alike.

    Attributes:
        links: left, right (records), rule, weight (log2 odds that they are one), probability, strict, evidence,
            observed_at, state (`used`, `cut`, `review`), reason: one row a pair of people.
        model: what the weights come from.
    """

    links: nw.LazyFrame
    model: Model


def similar_people(people: People, config: Config, engine: Engine, model: Model | None = None) -> Alike | None:
    """Link people who are alike.

    Args:
        people: what is known.
        config: which weight is strict.
        engine: what runs it.
        model: weights learnt before; default: learnt from these people.

    Returns:
        The links; None where no model was given and there are too few people to learn one from.

    Raises:
        ConfigError: the model is of another kind of table.
    """
    known = persons(people, engine)
    table = known.table
    rows = engine.count(table)
    if model is not None:
        fields = _fields_of(model)
        columns = table.collect_schema().names()
        none = [nw.lit(None).cast(TEXT).alias(field.name) for field in fields if field.name not in columns]
        table = table.select(nw.all(), *none)
    else:
        fields = _filled(table, rows, engine)
    if rows < (2 if model else _LEAST_ROWS) or not {"given", "family"} <= {field.name for field in fields}:
        return None
    table = engine.checkpoint(table)
    taught = {} if model else proven(known, fields, engine)
    rest = table.drop("record", "first_seen")
    found = similar(rest, fields, engine, model=model, proven=taught)
    return Alike(_links(found, table, rows, config, engine), found.model)


def _fields_of(model: Model) -> list[Field]:
    if strange := [field.name for field in model.fields if HOLDS.get(field.name) != field.holds]:
        msg = f"the model was learnt on another kind of table: it compares {', '.join(strange)}. Train it on people."
        raise ConfigError(msg)
    return list(model.fields)


def _filled(table: nw.LazyFrame, rows: int, engine: Engine) -> list[Field]:
    """The fields that enough people have."""
    names = [name for name in table.collect_schema().names() if name in HOLDS]
    held = engine.collect(table.select(*(nw.col(name).count() for name in names))).row(0)
    return [
        Field(name, HOLDS[name], _NAMES_DIFFER if HOLDS[name] == "name" else None)
        for name, count in zip(names, held, strict=True)
        if count >= max(_FILLED * rows, 2)
    ]


def _links(found: Similar, table: nw.LazyFrame, rows: int, config: Config, engine: Engine) -> nw.LazyFrame:
    prior = found.model.prior(rows, rows * (rows - 1) / 2)
    patterns = engine.collect(found.pairs.select("pattern").unique("pattern"))["pattern"].sort()
    codes = patterns.to_numpy()
    told = {"pattern": patterns, "evidence": _said(found, codes), "named": _named_alike(found, codes)}
    pairs = found.pairs.join(engine.lazy(pl.DataFrame(told)), on="pattern")
    for side in ("left", "right"):
        wanted = {f"{side}_record": "record", f"{side}_seen": "first_seen"}
        pairs = engine.lookup(pairs, side, table, "row", wanted)
    odds = nw.min_horizontal(nw.col("weight") + prior, nw.lit(config.strict_weight - _BELOW_STRICT))
    pairs = _with_rivals(pairs, engine)
    both = ~nw.col("left_seen").is_null() & ~nw.col("right_seen").is_null()
    later = nw.max_horizontal("left_seen", "right_seen")
    used = nw.col("state") == "used"
    differ = nw.when(used & ~nw.col("named")).then(nw.lit("names_differ"))
    doubt = nw.when(used & nw.col("rivalled")).then(nw.lit("rivals")).otherwise(differ)
    reason = nw.when(nw.col("state") == "cut").then(nw.lit("compared_apart")).otherwise(doubt)
    return engine.checkpoint(
        pairs.select(
            nw.col("left_record").alias("left"),
            nw.col("right_record").alias("right"),
            nw.lit(SIMILAR_RULE).alias("rule"),
            odds.cast(NUMBER).round(4).alias("weight"),
            "probability",
            nw.lit(value=False).alias("strict"),
            "evidence",
            nw.when(both).then(later).alias("observed_at"),
            nw.when(used & ~doubt.is_null()).then(nw.lit("review")).otherwise("state").alias("state"),
            reason.cast(TEXT).alias("reason"),
        )
    )


def _with_rivals(pairs: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Mark links that are hardly likelier than one to somebody else, from whom they part: of two namesakes, which?"""
    cut = pairs.filter(nw.col("state") == "cut")
    ends = nw.concat([cut.select(nw.col(side).alias("row"), "weight") for side in ("left", "right")])
    best = engine.checkpoint(ends.group_by("row").agg(nw.col("weight").max().alias("best")))
    for side in ("left", "right"):
        pairs = engine.lookup(pairs, side, best, "row", {f"{side}_best": "best"})
    rival = nw.max_horizontal("left_best", "right_best")
    return pairs.with_columns((rival > nw.col("weight") - _CLEARLY).fill_null(value=False).alias("rivalled"))


def _said(found: Similar, patterns: npt.NDArray[np.int64]) -> list[str]:
    """What fields say of each pattern, in words without values."""
    levels = found.comparison.decoded(patterns).levels
    fields = found.comparison.fields
    return [
        ", ".join(
            f"{field.name} {field.holding.levels[level].name}"
            for field, level in zip(fields, row, strict=True)
            if level >= 0 and field.holding.levels[level].agrees
        )
        for row in levels
    ]


def _named_alike(found: Similar, patterns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether both names agree, or the address does."""
    levels = found.comparison.decoded(patterns).levels
    fields = found.comparison.fields
    alike: npt.NDArray[np.bool_] = np.ones(len(patterns), dtype=bool)
    for place, field in enumerate(fields):
        if field.holds == "name":
            alike &= np.array([field.holding.levels[level].agrees > 0 for level in levels[:, place]], dtype=bool)
    for place, field in enumerate(fields):
        if field.holds == "email":
            alike |= np.isin(levels[:, place], _ADDRESSES)
    return alike
