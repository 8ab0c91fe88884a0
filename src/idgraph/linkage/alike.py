"""Alike: what the comparison of a table of people or companies says of their records, as links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.errors import ConfigError
from idgraph.linkage.fields import Field
from idgraph.linkage.parts import as_link, as_text, parts_of
from idgraph.linkage.rules import SIMILAR_RULE
from idgraph.schema import COUNT, NUMBER, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.linkage.model import Model
    from idgraph.linkage.similar import Similar

__all__ = [
    "COMPARED_APART",
    "LEAST_ROWS",
    "Alike",
    "commonest",
    "facts_of",
    "fields_of",
    "filled",
    "levels_of",
    "links_of",
    "with_edges",
    "with_fields",
]

COMPARED_APART: Final = "compared_apart"  # the reason of a link that is none, by what else was compared
LEAST_ROWS: Final = 20  # fewer rows teach nothing
_BELOW_STRICT: Final = 0.1  # what is alike is never evidence that needs no doubt
_CLEARLY: Final = 2.0  # bits by which a link has to be likelier than its rival
_FILLED: Final = 0.02  # a column of which fewer have a value tells little, and costs as much as others
_DIGITS: Final = 4
_Places = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Alike:
    """Records that are alike.

    Attributes:
        links: left, right (records), rule, weight (log2 odds that they are one), probability, strict, evidence (what
            each comparison adds to the weight: see `idgraph.linkage.parts`), observed_at, state (`used`, `cut`,
            `review`), reason: one row a pair of people, or of companies.
        model: what the weights come from.
        facts: how they were found: `rows` compared, `pairs`, `least` (the log2 odds from which on two are linked), and
            `keys`, by which pairs met: see `idgraph.linkage.candidates.Candidates`.
    """

    links: nw.LazyFrame
    model: Model
    facts: Mapping[str, Any]


def facts_of(found: Similar, table: nw.LazyFrame, engine: Engine) -> dict[str, Any]:
    """What `Alike.facts` says."""
    least = round(float(np.log2(found.least) - np.log2(1 - found.least)), _DIGITS)
    return {"rows": engine.count(table), "pairs": found.compared, "least": least, "keys": found.keys}


def commonest(said: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Choose of each unit's values the one that most of its records hold; of several the first in the alphabet.

    Args:
        said: unit, said (String; null counts for nothing), one row a record.
        engine: what runs it.

    Returns:
        unit, said: one row a unit that has a value.
    """
    known = said.filter(~nw.col("said").is_null())
    counted = engine.checkpoint(known.group_by("unit", "said").agg(nw.len().cast(COUNT).alias("n")))
    most = engine.with_totals(counted, ["unit"], most=nw.col("n").max())
    return engine.checkpoint(most.filter(nw.col("n") == nw.col("most")).group_by("unit").agg(nw.col("said").min()))


def fields_of(model: Model, holds: Mapping[str, str]) -> list[Field]:
    """The fields of a model, if they are columns of such a table.

    Raises:
        ConfigError: they are not.
    """
    if strange := [field.name for field in model.fields if holds.get(field.name) != field.holds]:
        msg = f"the model was learnt on another kind of table: it compares {', '.join(strange)}. Train it anew."
        raise ConfigError(msg)
    return list(model.fields)


def filled(
    table: nw.LazyFrame, rows: int, holds: Mapping[str, str], engine: Engine, *, names_differ: float
) -> list[Field]:
    """The fields that enough rows have.

    Args:
        table: columns of `holds`.
        rows: how many rows it has.
        holds: what its columns hold.
        engine: what runs it.
        names_differ: how often at most one entity's two names are different.
    """
    names = [name for name in table.collect_schema().names() if name in holds]
    held = engine.collect(table.select(*(nw.col(name).count() for name in names))).row(0)
    return [
        Field(name, holds[name], names_differ if holds[name] == "name" else None)
        for name, count in zip(names, held, strict=True)
        if count >= max(_FILLED * rows, 2)
    ]


def with_fields(table: nw.LazyFrame, fields: Sequence[Field]) -> nw.LazyFrame:
    """A table with all fields of a model: those it lacks are null."""
    columns = table.collect_schema().names()
    none = [nw.lit(None).cast(TEXT).alias(field.name) for field in fields if field.name not in columns]
    return table.select(nw.all(), *none)


def links_of(
    found: Similar,
    table: nw.LazyFrame,
    named: Callable[[Similar, _Places], _Flags],
    config: Config,
    engine: Engine,
) -> nw.LazyFrame:
    """Make links of what was found: see `Alike.links`.

    Args:
        found: pairs of rows of the table.
        table: row, record, first_seen.
        named: says of patterns whether the names agree, or what makes up for it.
        config: which weight is strict.
        engine: what runs it.
    """
    rows = engine.count(table)
    prior = round(found.model.prior(rows, rows * (rows - 1) / 2), _DIGITS)
    most = round(config.strict_weight - _BELOW_STRICT, _DIGITS)
    patterns = engine.collect(found.pairs.select("pattern").unique("pattern"))["pattern"].sort()
    codes = patterns.to_numpy()
    told = {"pattern": patterns, "evidence": _said(found, codes, prior, most), "named": named(found, codes)}
    pairs = found.pairs.join(engine.lazy(pl.DataFrame(told)), on="pattern")
    for side in ("left", "right"):
        wanted = {f"{side}_record": "record", f"{side}_seen": "first_seen"}
        pairs = engine.lookup(pairs, side, table, "row", wanted)
    odds = nw.min_horizontal(nw.col("weight") + prior, nw.lit(most))
    pairs = _with_rivals(pairs, engine)
    both = ~nw.col("left_seen").is_null() & ~nw.col("right_seen").is_null()
    later = nw.max_horizontal("left_seen", "right_seen")
    used = nw.col("state") == "used"
    differ = nw.when(used & ~nw.col("named")).then(nw.lit("names_differ"))
    doubt = nw.when(used & nw.col("rivalled")).then(nw.lit("rivals")).otherwise(differ)
    reason = nw.when(nw.col("state") == "cut").then(nw.lit(COMPARED_APART)).otherwise(doubt)
    return engine.checkpoint(
        pairs.select(
            nw.col("left_record").alias("left"),
            nw.col("right_record").alias("right"),
            nw.lit(SIMILAR_RULE).alias("rule"),
            odds.cast(NUMBER).round(_DIGITS).alias("weight"),
            "probability",
            nw.lit(value=False).alias("strict"),
            "evidence",
            nw.when(both).then(later).alias("observed_at"),
            nw.when(used & ~doubt.is_null()).then(nw.lit("review")).otherwise("state").alias("state"),
            reason.cast(TEXT).alias("reason"),
        )
    )


def with_edges(edges: nw.LazyFrame, alike: Alike | None) -> nw.LazyFrame:
    """Exact evidence, and the links that are used: left, right, rule, weight."""
    if alike is None:
        return edges
    used = alike.links.filter(nw.col("state") == "used")
    rule = nw.col("rule").cast(edges.collect_schema()["rule"])
    return nw.concat([edges, used.select("left", "right", rule, "weight")])


def _with_rivals(pairs: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Mark links that are hardly likelier than one to somebody else, from whom they part: of two namesakes, which?"""
    cut = pairs.filter(nw.col("state") == "cut")
    ends = nw.concat([cut.select(nw.col(side).alias("row"), "weight") for side in ("left", "right")])
    best = engine.checkpoint(ends.group_by("row").agg(nw.col("weight").max().alias("best")))
    for side in ("left", "right"):
        pairs = engine.lookup(pairs, side, best, "row", {f"{side}_best": "best"})
    rival = nw.max_horizontal("left_best", "right_best")
    return pairs.with_columns((rival > nw.col("weight") - _CLEARLY).fill_null(value=False).alias("rivalled"))


def levels_of(found: Similar, patterns: _Places, *names: str) -> dict[str, _Places]:
    """The places of levels, by field, for each pattern; -1 where a value is missing, or the field."""
    levels = found.comparison.decoded(patterns).levels
    places = {field.name: place for place, field in enumerate(found.comparison.fields)}
    missing = np.full(len(patterns), -1)
    return {name: levels[:, places[name]] if name in places else missing for name in names}


def _said(found: Similar, patterns: _Places, prior: float, most: float) -> list[str]:
    """What each comparison adds to the weights of links, by pattern: see `idgraph.linkage.parts`."""
    decoded = found.comparison.decoded(patterns)
    parts = parts_of(found.model, decoded, found.comparison.held)
    return [as_text(as_link(said, prior, most)) for said in parts]
