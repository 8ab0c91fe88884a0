"""Similar rows of a table: candidates, compared, weighed, decided. No labels, no settings, one model for the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import polars as pl
from rapidfuzz.distance import JaroWinkler

from idgraph.errors import ConfigError
from idgraph.linkage.candidates import candidates
from idgraph.linkage.compare import MADE_OF_NAME, NAME_AND_NUMBER, NEARLY_MADE
from idgraph.linkage.crowds import crowded, knows_crowds, without_equals
from idgraph.linkage.decide import least_odds, probability, torn_groups
from idgraph.linkage.fields import alone, only_called, tidy
from idgraph.linkage.patterns import Comparison, Decoded
from idgraph.linkage.rarity import learn_rarity
from idgraph.linkage.titles import Control, believed
from idgraph.linkage.train import Counted, train
from idgraph.normalise.batches import on_fewest
from idgraph.schema import COUNT, NUMBER, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.candidates import Candidates
    from idgraph.linkage.fields import Field
    from idgraph.linkage.kept_apart import KeptApart
    from idgraph.linkage.labels import Labels
    from idgraph.linkage.model import Model

__all__ = ["PRECISION", "Asked", "Similar", "keys_to_compare", "similar", "tidied"]

PRECISION: Final = 0.98
_DRAWN: Final = 400_000
_CLOSE: Final = 0.9
_CONTROL: Final = 4  # times as many pairs as those of two lists are compared within them, at most, to tell chance
_SHORTEST: Final = 4  # letters of a name that may be mistyped in an address


@dataclass(frozen=True)
class Similar:
    """Pairs of rows that may be one.

    Attributes:
        pairs: left, right (rows, left < right), pattern, weight (log2 odds of the evidence), probability, state: those
            that are at least as likely as not. `used`; `cut`, where what else was compared keeps the two apart;
            `review`, where a link has to be likelier.
        model: what the weights come from.
        comparison: what takes patterns apart.
        keys: how candidates were found.
        compared: how many pairs were, those of one list that others are held against included.
        least: the probability from which on a pair is a link.
    """

    pairs: nw.LazyFrame
    model: Model
    comparison: Comparison
    keys: list[dict[str, Any]]
    compared: int
    least: float


@dataclass(frozen=True)
class Asked:
    """What is asked of the pairs of a table.

    Attributes:
        precision: the share of links that is expected to be right.
        across: only pairs of rows of two sides.
        labels: judged pairs of rows, which teach a model, and hold.
        kept_apart: rows that are never one.
    """

    precision: float = PRECISION
    across: bool = False
    labels: Labels | None = None
    kept_apart: KeptApart | None = None


def similar(
    table: nw.LazyFrame,
    fields: Sequence[Field],
    engine: Engine,
    asked: Asked | None = None,
    *,
    model: Model | None = None,
    proven: Mapping[str, Sequence[float]] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Similar:
    """Find the rows of a table that are one entity.

    Args:
        table: row, side (integers), and the columns of the fields (String).
        fields: what is compared.
        engine: what runs it.
        asked: of which pairs, and how sure; default: of all.
        model: weights learnt before; default: learnt from this table.
        proven: by field, how many pairs that are known to be one entity's agree on each of its levels; at best pairs
            that something else than this field has proven.
        progress: called with a few words before each step.

    Raises:
        ConfigError: nothing tells the rows apart, or the model was learnt on other columns.
    """
    fields = alone(fields)
    if model is not None:
        _refuse_other(model, fields)
    asked = asked or Asked()
    progress("tidying values")
    values = tidied(table, fields, engine)
    rows, possible = _sizes(values, asked, engine)
    progress("counting values")
    comparison = Comparison(values, fields, engine, across=asked.across)
    keys, met, within = _compared(values, comparison, (rows, possible), asked, model, engine, progress)
    patterns, counts = _counted(met, engine)
    compared = int(counts.sum() + (0 if within is None else within.sum()))
    decoded = comparison.decoded(patterns)
    progress("learning")
    if model is None:
        taught = asked.labels.proven(comparison, engine) if asked.labels is not None else (proven or {})
        size = rows, possible
        if only_called(fields):
            model = _believed(comparison, (decoded, counts), within, size, engine)
        else:
            strangers = _drawn(rows, table.collect_schema()["row"], engine)
            model = _learnt(comparison, (decoded, counts), strangers, size, taught, engine)
        if asked.labels is not None:
            model = asked.labels.shifted(model, comparison, met, model.prior(rows, possible), engine)
    progress("deciding")
    if asked.kept_apart is not None:
        met = asked.kept_apart.allowed(met, engine)
        patterns, counts = _counted(met, engine)
        decoded = comparison.decoded(patterns)
    weights = model.weights(decoded, comparison.held)
    odds = weights + model.prior(rows, possible)
    least = least_odds(odds, counts, asked.precision)
    known = pl.DataFrame({"pattern": patterns, "weight": weights, "odds": odds, "probability": probability(odds)})
    likely = _likely(met.join(engine.lazy(known), on="pattern"), least, asked, engine)
    return Similar(likely, model, comparison, keys, compared, float(probability(np.array([least]))[0]))


def _compared(
    values: nw.LazyFrame,
    comparison: Comparison,
    size: tuple[int, float],
    asked: Asked,
    model: Model | None,
    engine: Engine,
    progress: Callable[[str], None],
) -> tuple[list[dict[str, Any]], nw.LazyFrame, npt.NDArray[np.float64] | None]:
    """Find candidates and compare them: keys, pairs, and where it is a control how many of one list show each level."""
    fields, (rows, possible) = comparison.fields, size
    progress("finding candidates")
    control = asked.across and only_called(fields) and rows * (rows - 1) / 2 <= (1 + _CONTROL) * possible
    found = candidates(values, fields, rows, engine, across=asked.across, control=control)
    progress("comparing")
    met = _met(found, comparison, asked, engine, across=asked.across and not control)
    if control or (model is not None and only_called(fields) and knows_crowds(model)):
        met = crowded(met, comparison, engine)
    return found.keys, *(_parted(met, comparison, engine) if control else (met, None))


def _refuse_other(model: Model, fields: Sequence[Field]) -> None:
    if model.fields != tuple(fields):
        names = ", ".join(f"{field.name} ({field.holds})" for field in model.fields)
        msg = f"the model was learnt on other columns: {names}. Name these columns, or train a new model."
        raise ConfigError(msg)


def _learnt(
    comparison: Comparison,
    met: tuple[Decoded, npt.NDArray[np.float64]],
    strangers: nw.LazyFrame,
    size: tuple[int, float],
    proven: Mapping[str, Sequence[float]],
    engine: Engine,
) -> Model:
    """Learn from candidates, and from pairs drawn at random, what each level of agreement says.

    Args:
        comparison: what took patterns apart.
        met: the patterns of candidates, and how many show each.
        strangers: left, right: pairs drawn at random.
        size: how many rows there are, and how many pairs of them may be one.
        proven: see `similar`.
        engine: what runs it.
    """
    patterns, counts = _counted(comparison.patterns([strangers]), engine)
    drawn = Counted.of(comparison.decoded(patterns), counts)
    shared = comparison.collisions, comparison.joint()
    model = train(comparison.fields, Counted.of(*met), drawn, *shared, *size, proven)
    return learn_rarity(model, comparison, *met, *size)


def _believed(
    comparison: Comparison,
    met: tuple[Decoded, npt.NDArray[np.float64]],
    within: npt.NDArray[np.float64] | None,
    size: tuple[int, float],
    engine: Engine,
) -> Model:
    """Believe what things are called, less what pairs of one list (how many show each level) show to be chance."""
    if within is None:
        return believed(comparison, *met, *size)
    rows, possible = size
    scale = possible / max(rows * (rows - 1) / 2 - possible, 1.0)
    return believed(comparison, *met, *size, Control(within * scale, without_equals(comparison, engine)))


def _sizes(values: nw.LazyFrame, asked: Asked, engine: Engine) -> tuple[int, float]:
    """How many rows there are, and how many pairs of them may be one."""
    sides = [count for _, count in sorted(engine.collect(values.group_by("side").agg(nw.len().alias("n"))).rows())]
    rows = sum(sides)
    possible = rows * (rows - 1) / 2
    if asked.across:
        possible -= sum(size * (size - 1) / 2 for size in sides)
    return rows, possible


def _met(found: Candidates, comparison: Comparison, asked: Asked, engine: Engine, *, across: bool) -> nw.LazyFrame:
    """Compare candidates, and what was judged: left, right, pattern."""
    parts = engine.meeting(found.blocks, across=across)
    met = comparison.patterns(parts)
    if asked.labels is None:
        return met
    return engine.checkpoint(nw.concat([met, comparison.patterns([asked.labels.beside(met)])]))


def _parted(met: nw.LazyFrame, comparison: Comparison, engine: Engine) -> tuple[nw.LazyFrame, npt.NDArray[np.float64]]:
    """The pairs of two lists, and how many of one list show each level."""
    sided = comparison.coded(0)
    for side in ("left", "right"):
        met = engine.lookup(met, side, sided, "row", {f"{side}_side": "side"})
    apart = nw.col("left_side") != nw.col("right_side")
    patterns, counts = _counted(met.filter(~apart), engine)
    levels = comparison.decoded(patterns).levels[:, 0]
    size = len(comparison.fields[0].holding.levels)
    within = np.bincount(levels[levels >= 0], counts[levels >= 0], size).astype(np.float64)
    return engine.checkpoint(met.filter(apart).select("left", "right", "pattern")), within


def _likely(weighed: nw.LazyFrame, least: float, asked: Asked, engine: Engine) -> nw.LazyFrame:
    """The pairs that are likelier one than not, and what becomes of them: see `Similar.pairs`."""
    weighed = engine.checkpoint(weighed if asked.labels is None else asked.labels.held(weighed))
    groups = torn_groups(weighed.select("left", "right", "odds"), least, engine, asked.kept_apart)
    likely = weighed.filter(nw.col("odds") >= 0)
    for side in ("left", "right"):
        likely = engine.lookup(likely, side, groups, "row", {f"{side}_group": "group"})
    apart = nw.coalesce(nw.col("left_group"), nw.lit(-1)) != nw.coalesce(nw.col("right_group"), nw.lit(-1))
    is_link = nw.col("odds") >= least
    state = (
        nw.when(is_link & apart)
        .then(nw.lit("cut"))
        .otherwise(nw.when(is_link).then(nw.lit("used")).otherwise(nw.lit("review")))
    )
    weight = nw.col("weight").cast(NUMBER)
    return engine.checkpoint(likely.select("left", "right", "pattern", weight, "probability", state.alias("state")))


def keys_to_compare(table: nw.LazyFrame, fields: Sequence[Field], engine: Engine) -> list[dict[str, Any]]:
    """Count the pairs that would be compared: see `idgraph.linkage.candidates.Candidates.keys`."""
    values = tidied(table, fields, engine)
    return candidates(values, fields, engine.count(values), engine).keys


def tidied(table: nw.LazyFrame, fields: Sequence[Field], engine: Engine) -> nw.LazyFrame:
    """Bring the values of a table into the spelling in which they are compared: row, side, and the fields (String)."""
    schema = {"row": table.collect_schema()["row"], "side": COUNT, **{field.name: TEXT for field in fields}}
    return engine.checkpoint(engine.map_batches(table, partial(_tidied, fields=fields), schema))


def _counted(frame: nw.LazyFrame, engine: Engine) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Patterns, and how many pairs show each."""
    counted = engine.collect(frame.group_by("pattern").agg(nw.len().alias("pairs"))).sort("pattern")
    return counted["pattern"].cast(pl.Int64).to_numpy(), counted["pairs"].cast(pl.Float64).to_numpy()


def _drawn(rows: int, code: nw.dtypes.DType, engine: Engine) -> nw.LazyFrame:
    """Draw pairs at random; all there are, of a small table."""
    if rows * (rows - 1) // 2 <= _DRAWN:
        left, right = np.triu_indices(rows, 1)
    else:
        left, right = np.random.default_rng(0).integers(0, rows, (2, _DRAWN))
        left, right = left[left != right], right[left != right]
    return engine.lazy(pl.DataFrame({"left": left, "right": right})).select(nw.col("left", "right").cast(code))


def _tidied(rows: pl.DataFrame, fields: Sequence[Field]) -> pl.DataFrame:
    """Bring values into the spelling in which they are compared, and mark addresses that are made of a name."""
    texts = [on_fewest(rows[field.name], partial(_tidy, field))["tidy"].alias(field.name) for field in fields]
    values = rows.select("row", pl.col("side").cast(pl.Int64), *texts)
    names = [field.name for field in fields if field.holds == "name"]
    for field in fields:
        if field.holds == "email" and names:
            values = values.with_columns(_marked(values, field.name, names).alias(field.name))
    return values


def _tidy(field: Field, column: pl.Series) -> pl.DataFrame:
    return tidy(field, column).to_frame("tidy")


def _marked(values: pl.DataFrame, email: str, names: Sequence[str]) -> pl.Series:
    """Mark the addresses that their holders' names make up: of these only the domain says something more."""
    held = values.select(
        pl.col(email), pl.concat_str(names, separator=" ", ignore_nulls=True).alias("name")
    ).with_columns(local=pl.col(email).str.split("@").list.get(0))
    asked = held.filter(pl.col(email).str.contains("@", literal=True) & (pl.col("name") != ""))
    asked = asked.unique().with_columns(mark=_plain_marks())
    hard = asked.filter(pl.col("mark").is_null())
    marks = [_mark(local, name) for local, name in zip(hard["local"], hard["name"], strict=True)]
    marked = pl.concat([asked.drop_nulls("mark"), hard.with_columns(mark=pl.Series(marks, dtype=pl.String))])
    known = held.join(marked, on=held.columns, how="left", maintain_order="left")
    return known.select(pl.col("mark").fill_null("") + pl.col(email)).to_series()


def _plain_marks() -> pl.Expr:
    """What `_mark` says of names of two words in plain letters, where one of their forms is exactly met; else null."""
    letters = pl.col("local").str.replace_all("[^a-z]", "")
    words = pl.col("name").str.splitn(" ", 2).struct
    one, other = words.field("field_0"), words.field("field_1")
    first, last = one.str.slice(0, 1), other.str.slice(0, 1)
    forms = [one, other, one + other, other + one, first + other, last + one, one + last, other + first]
    plain = pl.col("local").str.contains("^[a-z0-9._+-]+$") & pl.col("name").str.contains("^[a-z]+ [a-z]+$")
    met = plain & pl.any_horizontal(letters == form for form in forms)
    numbered = pl.col("local").str.contains("[0-9]")
    mark = pl.when(numbered).then(pl.lit(NAME_AND_NUMBER)).otherwise(pl.lit(MADE_OF_NAME))
    return pl.when(met).then(mark)


def _mark(local: str, name: str) -> str:
    """What stands before an address: whether its part before the @ is made of its holder's name.

    >>> (
    ...     _mark("j.doe", "jane doe"),
    ...     _mark("jackson", "mark jackosn"),
    ...     _mark("jdoe73", "jane doe"),
    ...     _mark("x", "jane doe"),
    ... )
    ('=', '=≈', '~', '')
    """
    letters = "".join(sign for sign in local if sign.isalpha())
    forms = _forms(name) if letters else set()
    exactly = letters in forms
    if not exactly and not any(
        len(form) >= _SHORTEST and JaroWinkler.similarity(letters, form) >= _CLOSE for form in forms
    ):
        return ""
    if any(sign.isdigit() for sign in local):
        return NAME_AND_NUMBER
    return MADE_OF_NAME if exactly else NEARLY_MADE


def _forms(name: str) -> set[str]:
    """What people make addresses of."""
    words = name.split()
    rest = "".join(words[1:])
    forms = {*words, *((words[0] + rest, words[0][0] + rest, rest) if len(words) > 2 else ())}
    for one in words:
        for other in words:
            if one is not other:
                forms |= {one + other, one[0] + other, one + other[0]}
    return forms
