"""Any table: find the rows of one that are one entity, or the rows of two. No labels, no settings needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.engines import engine_for
from idgraph.errors import ConfigError
from idgraph.linkage.fields import Field, only_called
from idgraph.linkage.kept_apart import KeptApart
from idgraph.linkage.labels import labels_of
from idgraph.linkage.parts import Part, parts_of
from idgraph.linkage.recognise import recognise
from idgraph.linkage.similar import PRECISION, Asked, Similar, similar
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.model import Model

__all__ = ["Matches", "dedupe", "link_tables"]

_LOOKED_AT: Final = 20_000  # rows from which columns are recognised
_ID: Final = "__id"
_KEY: Final = "__key"
_SOURCE: Final = "__source"
_OWN: Final = {"row", "side", _ID, _KEY, _SOURCE}  # columns that a table of rows has besides
_Columns = Mapping[str, str] | Sequence[str] | None


@dataclass(frozen=True)
class Matches:
    """The rows of a table, or of two, that are one entity, and why.

    Attributes:
        fields: the columns that were compared, and what each holds.
        left_out: why other columns were not, by name.
        model: what agreement on each of them is worth.
        keys: how candidates were found: key, pairs, rows_in_large_blocks.
        compared: how many pairs were compared.
        least: the probability from which on a pair is a link.
    """

    fields: tuple[Field, ...]
    left_out: Mapping[str, str]
    model: Model
    keys: Sequence[Mapping[str, Any]]
    compared: int
    least: float
    _found: Similar
    _rows: nw.LazyFrame
    _engine: Engine
    _one_to_one: bool

    @property
    def links(self) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """Pairs that are at least as likely one as not.

        left_id, right_id (String), weight (Float64: log2 odds of the evidence), probability (Float64), state (String):
        `used`; `cut`, where what else was compared keeps the two apart; `review`, where a link has to be likelier.
        """
        return self._engine.native(self._links().drop("pattern").sort("left_id", "right_id"))

    @property
    def entities(self) -> Any:  # noqa: ANN401 - a frame of the engine's own kind
        """The entity of every row: id, entity_id (String): the smallest id of its rows; `side` too, of two tables."""
        engine = self._engine
        used = self._pairs().filter(nw.col("state") == "used").select("left", "right")
        together = engine.components(used)
        placed = engine.lookup(self._rows, "row", together, "node", {"component": "component"})
        placed = placed.with_columns(nw.coalesce("component", "row").alias("component"))
        named = engine.with_totals(placed, ["component"], entity_id=nw.col(_ID).min())
        sides = ["side"] if self._sides() else []
        return engine.native(named.select(*sides, nw.col(_ID).alias("id"), "entity_id").sort(*sides, "id"))

    def explain(self, left_id: str, right_id: str) -> list[Part]:
        """Say what each column adds to the weight of a pair among `links`.

        Raises:
            ConfigError: the pair is not among them.
        """
        either = [(left_id, right_id), (right_id, left_id)]
        links = self._links()
        for one, other in either:
            found = self._engine.collect(links.filter((nw.col("left_id") == one) & (nw.col("right_id") == other)))
            if found.height:
                decoded = self._found.comparison.decoded(found["pattern"].to_numpy())
                return parts_of(self.model, decoded, self._found.comparison.held)[0]
        msg = f"{left_id!r} and {right_id!r} are not among the links: less likely one than not, or never compared"
        raise ConfigError(msg)

    def _sides(self) -> bool:
        return "side" in self._rows.collect_schema().names()

    def _pairs(self) -> nw.LazyFrame:
        return _mutual(self._found.pairs, self._engine) if self._one_to_one else self._found.pairs

    def _links(self) -> nw.LazyFrame:
        named = self._pairs()
        for side in ("left", "right"):
            named = self._engine.lookup(named, side, self._rows, "row", {f"{side}_id": _ID})
        if not self._sides():
            ordered = nw.col("left_id") < nw.col("right_id")
            first = nw.when(ordered).then("left_id").otherwise("right_id")
            last = nw.when(ordered).then("right_id").otherwise("left_id")
            named = named.with_columns(first.alias("left_id"), last.alias("right_id"))
        return named.select("left_id", "right_id", "pattern", "weight", "probability", "state")


def dedupe(  # noqa: PLR0913 - one argument a question
    frame: Any,  # noqa: ANN401 - a frame of any library
    *,
    id: str | None = None,
    columns: _Columns = None,
    model: Model | None = None,
    precision: float = PRECISION,
    labels: Any = None,  # noqa: ANN401 - a frame of any library
    source: str | None = None,
    apart: Collection[tuple[str, str]] = (),
    progress: Callable[[str], None] | None = None,
) -> Matches:
    """Find the rows of a table that are one entity.

    Args:
        frame: any table; what its columns hold is recognised by their names and values.
        id: the column that names a row; default: rows are named 1, 2, 3 … in their order.
        columns: those to compare; or what some of them hold, a key of `idgraph.linkage.fields.HOLDINGS` or `ignore`.
        model: weights learnt before; default: learnt from this table.
        precision: the share of links that is expected to be right.
        labels: pairs that somebody judged: left_id, right_id, verdict (`same`, `different`; others do not count). They
            teach a model, unless one is given, and they hold in the result.
        source: the column that names where a row comes from.
        apart: pairs of sources that have nobody in common, so that no two of their rows are one, not by way of a third
            either; a source with itself, `("crm", "crm")`: it has nobody twice.
        progress: called with a few words before each step.

    Raises:
        ConfigError: a column is not there, ids repeat or are missing, no column tells rows apart, the model was learnt
            on other columns, or labels or sources do not fit the table.

    >>> people = pl.DataFrame({"name": ["Ana Ruiz", "Bo Lind"] * 30, "born": [f"19{n:02}-02-03" for n in range(60)]})
    >>> dedupe(people, columns={"name": "name"}).links.height
    0
    """
    say = progress or (lambda _: None)
    say("reading")
    engine = engine_for(frame)
    rows = _named(engine.lazy(frame), (id, source), columns, engine, "the table").with_columns(
        nw.lit(0).cast(COUNT).alias("side")
    )
    how = _How(columns, model, precision, labels, frozenset(apart), across=False, one_to_one=False)
    return _matches(rows, how, engine, say)


def link_tables(  # noqa: PLR0913 - one argument a question
    left: Any,  # noqa: ANN401 - a frame of any library
    right: Any,  # noqa: ANN401
    *,
    id: str | None = None,
    columns: _Columns = None,
    model: Model | None = None,
    precision: float = PRECISION,
    labels: Any = None,  # noqa: ANN401
    one_to_one: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Matches:
    """Find the rows of two tables that are one entity; rows of one table are not linked with each other.

    Where names are all there is, rows of one table are compared too: what is nearly the same there is so by chance.

    Args:
        left: any table.
        right: another; what is compared are the columns that both have.
        id: the column that names a row in both; the ids of the two have to differ. Default: rows are named `left:1`,
            `right:1` … in their order.
        columns: see `dedupe`.
        model: see `dedupe`.
        precision: see `dedupe`.
        labels: see `dedupe`; left_id is of the left table.
        one_to_one: whether a row has at most one link: its likeliest, where that is the other's likeliest too.
        progress: see `dedupe`.

    Raises:
        ConfigError: see `dedupe`; or the tables have no column in common, or one has no rows.
    """
    say = progress or (lambda _: None)
    say("reading")
    engine = engine_for(left, right, names=("left", "right"))
    given = {"left": left, "right": right}
    sides = [_named(engine.lazy(one), (id, None), columns, engine, name) for name, one in given.items()]
    names = [name for name in sides[0].collect_schema().names() if name in sides[1].collect_schema().names()]
    if set(names) <= {_ID}:
        msg = "the two tables have no column in common; rename those that mean the same"
        raise ConfigError(msg)
    if empty := [name for one, name in zip(sides, given, strict=True) if not engine.count(one.head(1))]:
        msg = f"the {empty[0]} table has no rows to link"
        raise ConfigError(msg)
    both = []
    for number, (one, name) in enumerate(zip(sides, given, strict=True)):
        said = nw.col(_ID) if id else nw.concat_str(nw.lit(f"{name}:"), _ID)
        placed = one.select(*names).with_columns(said.alias(_ID), nw.lit(number).cast(COUNT).alias("side"))
        both.append(placed.with_columns(*(nw.col(column).cast(TEXT) for column in names)))
    rows = nw.concat(both)
    _refuse_repeats(rows, engine, "the two tables together")
    how = _How(columns, model, precision, labels, frozenset(), across=True, one_to_one=one_to_one)
    return _matches(rows, how, engine, say)


def _named(
    frame: nw.LazyFrame, keys: tuple[str | None, str | None], columns: _Columns, engine: Engine, what: str
) -> nw.LazyFrame:
    """Give every row its id, and its source if it has one, and every column that may be compared as text."""
    id, source = keys
    names = frame.collect_schema().names()
    for key, use in ((id, "rows"), (source, "sources")):
        if key is not None and key not in names:
            msg = f"{what} has no column {key!r} to name {use} by; it has {', '.join(names)}"
            raise ConfigError(msg)
    frame = _flat(frame, keys, columns, what)
    numbered = engine.number(frame, _ID, 1) if id is None else frame.rename({id: _ID})
    numbered = numbered if source is None else numbered.rename({source: _SOURCE})
    texts = numbered.with_columns(*(nw.col(name).cast(TEXT) for name in numbered.collect_schema().names()))
    for key, name, needs in ((id, _ID, "an id"), (source, _SOURCE, "a source")):
        if key is not None and (missing := engine.count(texts.filter(nw.col(name).is_null()))):
            msg = f"{what} has {missing} rows without {key!r}; every row needs {needs}"
            raise ConfigError(msg)
    _refuse_repeats(texts, engine, what)
    return texts


def _flat(frame: nw.LazyFrame, keys: tuple[str | None, str | None], columns: _Columns, what: str) -> nw.LazyFrame:
    """Take the columns that may be compared.

    Raises:
        ConfigError: one of them holds lists or structs, or has a name that is needed.
    """
    ignored = {name for name, holds in columns.items() if holds == "ignore"} if isinstance(columns, Mapping) else set()
    schema = frame.collect_schema()
    asked = [*columns, *keys] if columns is not None and not isinstance(columns, Mapping) else schema.names()
    for name in (name for name in schema.names() if name in asked and name not in {*ignored, *keys}):
        if schema[name].is_nested():
            msg = f"{what}: column {name!r} holds {schema[name]}; make it text, or leave it out in columns=…"
            raise ConfigError(msg)
        if name in _OWN:
            msg = f"{what}: a column called {name!r} cannot be compared; rename it"
            raise ConfigError(msg)
    texts = (nw.lit(None).cast(TEXT).alias(name) if name in ignored else nw.col(name) for name in schema.names())
    return frame.select(*(text for name, text in zip(schema.names(), texts, strict=True) if name in asked))


def _refuse_repeats(rows: nw.LazyFrame, engine: Engine, what: str) -> None:
    repeated = rows.group_by(_ID).agg(nw.len().alias("n")).filter(nw.col("n") > 1)
    if number := engine.count(repeated):
        msg = f"{what}: {number} ids are on several rows; each row needs its own"
        raise ConfigError(msg)


@dataclass(frozen=True)
class _How:
    columns: _Columns
    model: Model | None
    precision: float
    labels: Any
    apart: frozenset[tuple[str, str]]
    across: bool
    one_to_one: bool


def _matches(rows: nw.LazyFrame, how: _How, engine: Engine, say: Callable[[str], None]) -> Matches:
    if not 0 < how.precision < 1:
        msg = f"precision is a share of links, between 0 and 1; not {how.precision}"
        raise ConfigError(msg)
    numbered = _in_own_order(rows, engine)
    looked_at = engine.collect(numbered.head(_LOOKED_AT)).drop("row", "side", _ID, _SOURCE, strict=False)
    fields, left_out = recognise(looked_at, how.columns)
    _refuse_alike(looked_at, fields, left_out)
    asked = Asked(
        precision=how.precision,
        across=how.across,
        labels=None if how.labels is None else labels_of(how.labels, numbered.select("row", id=_ID), engine),
        kept_apart=_kept_apart(numbered, how.apart, engine),
    )
    table = numbered.select("row", "side", *(field.name for field in fields))
    found = similar(table, fields, engine, asked, model=how.model, progress=say)
    named = numbered.select("row", _ID, *(["side"] if how.across else []))
    if how.across:
        side = nw.when(nw.col("side") == 0).then(nw.lit("left")).otherwise(nw.lit("right"))
        named = named.with_columns(side.alias("side"))
    return Matches(
        fields=tuple(fields),
        left_out=left_out,
        model=found.model,
        keys=found.keys,
        compared=found.compared,
        least=found.least,
        _found=found,
        _rows=engine.checkpoint(named),
        _engine=engine,
        _one_to_one=how.one_to_one,
    )


def _kept_apart(rows: nw.LazyFrame, apart: Collection[tuple[str, str]], engine: Engine) -> KeptApart | None:
    """Which rows are never one, if there are such.

    Raises:
        ConfigError: there is no such source.
    """
    if not apart:
        return None
    if _SOURCE not in rows.collect_schema().names():
        msg = "apart=… names sources; say with source=… which column holds them"
        raise ConfigError(msg)
    known = engine.collect(rows.select(_SOURCE).unique(_SOURCE))[_SOURCE].sort().to_list()
    if strange := sorted({name for pair in apart for name in pair} - set(known)):
        msg = f"apart=…: there is no source {strange[0]!r}; there are {', '.join(known)}"
        raise ConfigError(msg)
    codes = {name: code for code, name in enumerate(known)}
    rules = {(codes[one], codes[other]) for pair in apart for one, other in (pair, pair[::-1])}
    table = engine.lazy(
        pl.DataFrame({_SOURCE: known, "source": range(len(known))}, schema_overrides={"source": pl.Int64})
    )
    coded = engine.checkpoint(rows.select("row", _SOURCE).join(table, on=_SOURCE).select("row", "source"))
    return KeptApart(coded, frozenset(rules))


def _in_own_order(rows: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Number rows in an order that follows from what they hold, so that the order they came in tells nothing."""
    schema = rows.collect_schema()
    keyed = engine.map_batches(rows, _keyed, {**schema, _KEY: COUNT})
    return engine.number(keyed.sort("side", _KEY, _ID).drop(_KEY), "row")


def _keyed(rows: pl.DataFrame) -> pl.DataFrame:
    values = [pl.col(name).fill_null("") for name in rows.columns if name not in {"side", _SOURCE}]
    return rows.with_columns(pl.concat_str(values, separator="\x1f").hash(seed=0).reinterpret(signed=True).alias(_KEY))


def _refuse_alike(rows: pl.DataFrame, fields: Sequence[Field], left_out: Mapping[str, str]) -> None:
    """Refuse columns that cannot tell rows apart: everything would seem to be one."""
    bits = 0.0
    for field in fields:
        counts = rows[field.name].drop_nulls().value_counts()["count"].cast(pl.Float64)
        held = float(counts.sum())
        bits -= log2(max(float((counts * (counts - 1)).sum()), 1.0) / max(held * (held - 1), 1.0))
    least = 0.0 if only_called(fields) else log2(max(rows.height, 2))  # what is called the same may be one
    if not fields or bits < least:
        why = "; ".join(f"{name}: {said}" for name, said in left_out.items())
        named = ", ".join(field.name for field in fields) or "none"
        msg = f"the columns to compare ({named}) do not tell {rows.height} rows apart. Name better ones in columns=…"
        raise ConfigError(f"{msg} Left out were {why}." if why else msg)


def _mutual(pairs: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Of each row's links the likeliest, where it is that of both; what is less likely is cut."""
    links = pairs.filter(nw.col("state") == "used")
    for side in ("left", "right"):
        links = engine.with_totals(links, [side], **{f"best_{side}": nw.col("weight").max()})
    best = links.filter((nw.col("weight") == nw.col("best_left")) & (nw.col("weight") == nw.col("best_right")))
    for side, other in (("left", "right"), ("right", "left")):
        best = engine.with_totals(best, [side], **{f"first_{side}": nw.col(other).min()})
    only = best.filter((nw.col("right") == nw.col("first_left")) & (nw.col("left") == nw.col("first_right")))
    kept = engine.checkpoint(only.select("left", "right", nw.lit(value=True).alias("kept")))
    joined = pairs.join(kept, on=["left", "right"], how="left")
    loses = (nw.col("state") == "used") & nw.col("kept").is_null()
    return joined.with_columns(nw.when(loses).then(nw.lit("cut")).otherwise("state").alias("state")).drop("kept")
