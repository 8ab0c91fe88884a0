"""Ids that stay: give entities the ids that their records had before, and count those that changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.engines import engine_for
from idgraph.errors import ConfigError, mask_id, mask_text
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["Churn", "carried", "carry_ids", "churn"]

_RECORD: Final = ["record_id", "level"]
_ENTITY: Final = ["level", "entity_id"]
_BYTES: Final = 8


def carry_ids(old: Any, new: Any) -> Any:  # noqa: ANN401 - frames of any library
    """Give entities the ids that their records had before. Who is with whom stays as it is in `new`.

    - An old id goes to the new entity that holds most of its records; of several to the one of fewest records, then
      to the one that holds the first of those records by id. (Not by entity id, or carrying twice were not once.)
    - An entity that several ids go to takes the one from which it holds most records, then the smallest id. The others
      retire.
    - An entity that no id goes to keeps its own, unless that stood in `old`: then it gets another one, a hash of that
      id and of its smallest record_id, with the same prefix.

    So an entity whose records stay together keeps its id, whatever the order of rows; levels never mix.

    Args:
        old: record_id, entity_id; and level, if records are in several entities. One row for each record and level.
        new: the same columns, and any others.

    Returns:
        `new` with other texts in entity_id: a frame of its own kind; rows keep their order unless it is lazy.

    Raises:
        ConfigError: a column is missing, or null in some row; a record has several rows on a level; only one of the
            two has levels.

    >>> import polars as pl
    >>> old = pl.DataFrame({"record_id": ["a", "b", "c"], "entity_id": ["ana", "ana", "cy"]})
    >>> new = pl.DataFrame({"record_id": ["a", "b", "c", "d"], "entity_id": ["1", "1", "1", "2"]})
    >>> carry_ids(old, new)["entity_id"].to_list()
    ['ana', 'ana', 'ana', '2']
    """
    engine = engine_for(old, new)
    names = carried(*_mappings(old, new, engine), engine)
    names = names.select(__level="level", __fresh="fresh", __kept="entity_id")
    given = nw.from_native(new)
    level = nw.col("level").cast(TEXT) if "level" in given.collect_schema() else nw.lit("")
    keyed = given.with_columns(nw.col("entity_id").cast(TEXT), level.alias("__level"))
    on: dict[str, Any] = {"left_on": ["__level", "entity_id"], "right_on": ["__level", "__fresh"], "how": "left"}
    if isinstance(keyed, nw.DataFrame):
        rows = keyed.with_row_index("__row")
        found = rows.join(_beside(rows, engine.collect(names)), **on).sort("__row").drop("__row")
    else:
        found = keyed.join(names, **on)
    kept = found.with_columns(nw.coalesce("__kept", "entity_id").alias("entity_id"))
    return kept.select(given.collect_schema().names()).to_native()


def carried(old: nw.LazyFrame, new: nw.LazyFrame, engine: Engine, config: Config | None = None) -> nw.LazyFrame:
    """Find the ids that entities have to take over, so that a graph can rename them everywhere; see `carry_ids`.

    Args:
        old: record_id, level, entity_id; one row for each record and level.
        new: the same, with ids as they are without any history.
        engine: what runs it.
        config: the key of ids, if any: without it nobody can tell which record a new id was made from.

    Returns:
        level, fresh, entity_id: one row for each entity of `new` whose id, `fresh`, is to be another one.
    """
    old, new = _plain(old), _plain(new)
    kept = engine.checkpoint(_kept(_wishes(old, new, engine), engine))
    nameless = engine.checkpoint(new.join(kept.rename({"entity_id": "was"}), **_by("fresh"), how="anti"))
    taken = old.join(nameless.select(_ENTITY).unique(_ENTITY), on=_ENTITY, how="semi").select(_ENTITY).unique(_ENTITY)
    without = nameless.join(taken, on=_ENTITY, how="semi").group_by(_ENTITY).agg(nw.col("record_id").min())
    ids = nw.concat([old.select(_ENTITY), new.select(_ENTITY)])
    others = _other_ids(engine.collect(without), ids, config, engine)
    return nw.concat([kept.filter(nw.col("fresh") != nw.col("entity_id")), others])


def _by(column: str) -> dict[str, Any]:
    """How a frame of entities meets one that has their ids in another column."""
    return {"left_on": _ENTITY, "right_on": ["level", column]}


def _plain(mapping: nw.LazyFrame) -> nw.LazyFrame:
    return mapping.select("record_id", nw.col("level").cast(TEXT), "entity_id")


def _shared(old: nw.LazyFrame, new: nw.LazyFrame) -> nw.LazyFrame:
    """The records of both: record_id, level, entity_id, and `was`, their entity before."""
    return new.join(old.rename({"entity_id": "was"}), on=_RECORD)


def _wishes(old: nw.LazyFrame, new: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """The new entity that each old id goes to: level, was, entity_id, records (how many it has of the old ones)."""
    before = ["level", "was"]
    parts = _shared(old, new).group_by(*_ENTITY, "was").agg(nw.len().cast(COUNT).alias("records"))
    most = engine.with_totals(parts, before, most=nw.col("records").max())
    largest = most.filter(nw.col("records") == nw.col("most")).drop("most")
    largest = engine.checkpoint(engine.with_totals(largest, before, as_large=nw.len()))
    equal = largest.filter(nw.col("as_large") > 1)  # few: only these need more counting
    held = _shared(old.join(equal, **_by("was"), how="semi"), new.join(equal, on=_ENTITY, how="semi"))
    firsts = held.group_by(*_ENTITY, "was").agg(nw.col("record_id").min().alias("first"))
    sizes = new.join(equal, on=_ENTITY, how="semi").group_by(_ENTITY).agg(nw.len().alias("size"))
    ranked = equal.join(sizes, on=_ENTITY).join(firsts, on=[*_ENTITY, "was"])
    chosen = ranked.unique(before, keep="first", order_by=["size", "first"])
    columns = [*_ENTITY, "was", "records"]
    return nw.concat([largest.filter(nw.col("as_large") == 1).select(columns), chosen.select(columns)])


def _kept(wishes: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Of the ids that go to an entity the one it takes: level, fresh, entity_id."""
    most = engine.with_totals(wishes, _ENTITY, most=nw.col("records").max())
    best = most.filter(nw.col("records") == nw.col("most")).group_by(_ENTITY).agg(nw.col("was").min())
    return best.select("level", fresh="entity_id", entity_id="was")


def _other_ids(without: pl.DataFrame, ids: nw.LazyFrame, config: Config | None, engine: Engine) -> nw.LazyFrame:
    """Make ids for entities that may not keep theirs.

    Args:
        without: level, entity_id (the one to give up), record_id (the smallest).
        ids: level, entity_id: all that are in use.
        config: the key of ids, if any.
        engine: what runs it.

    Returns:
        level, fresh, entity_id.
    """
    secret = config.id_key.get_secret_value().encode() if config and config.id_key else b""
    key = blake2b(secret).digest() if secret else b""
    waiting = without.select("level", "entity_id", "record_id").sort("level", "entity_id").rows()
    found: dict[tuple[str, str, str], str] = {}
    taken: set[tuple[str, str]] = set()
    attempt = 0
    while waiting:  # mostly once: only where the same part leaves again, its id was given before
        tried = {row: (row[0], _hashed(row[1], row[2], attempt, key)) for row in waiting}
        asked = engine.lazy(pl.DataFrame([*tried.values()], dict.fromkeys(_ENTITY, pl.String), orient="row"))
        taken.update(engine.collect(ids.join(asked, on=_ENTITY, how="semi").unique(_ENTITY)).rows())
        for row, name in tried.items():
            if name not in taken:
                taken.add(name)
                found[row] = name[1]
        waiting = [row for row in waiting if row not in found]
        attempt += 1
    rows = [(level, fresh, entity_id) for (level, fresh, _), entity_id in found.items()]
    return engine.lazy(pl.DataFrame(rows, dict.fromkeys(("level", "fresh", "entity_id"), pl.String), orient="row"))


def _hashed(fresh: str, record_id: str, attempt: int, key: bytes) -> str:
    prefix, underscore, _ = fresh.partition("_")
    text = "\n".join([fresh, record_id, *([str(attempt)] if attempt else [])])
    digest = blake2b(text.encode(), digest_size=_BYTES, key=key).hexdigest()
    return f"{prefix}_{digest}" if underscore else digest


def _mappings(old: Any, new: Any, engine: Engine) -> tuple[nw.LazyFrame, nw.LazyFrame]:  # noqa: ANN401 - any library
    """Refuse mappings that cannot be compared; give their columns as texts, without levels on one named ''."""
    given = {"old": engine.lazy(old), "new": engine.lazy(new)}
    levels = [name for name, frame in given.items() if "level" in frame.collect_schema()]
    if len(levels) == 1:
        msg = f"only {levels[0]} has a column 'level'; give it to both, or to none"
        raise ConfigError(msg)
    first, second = (_checked(name, frame, engine) for name, frame in given.items())
    return first, second


def _checked(name: str, frame: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    columns = frame.collect_schema().names()
    if missing := [column for column in ("record_id", "entity_id") if column not in columns]:
        there = mask_text(", ".join(columns))
        msg = f"{name} has no column {' or '.join(map(repr, missing))}; its columns are {there}"
        raise ConfigError(msg)
    level = nw.col("level") if "level" in columns else nw.lit("")
    mapping = frame.select(
        nw.col("record_id").cast(TEXT), level.cast(TEXT).alias("level"), nw.col("entity_id").cast(TEXT)
    )
    nulls = engine.collect(mapping.select(nw.all().is_null().cast(COUNT).sum()))
    if empty := [column for column in nulls.columns if nulls[column][0]]:
        msg = f"{name}.{empty[0]} is null in {nulls[empty[0]][0]} rows; leave them out, or say what they are"
        raise ConfigError(msg)
    repeated = mapping.group_by(_RECORD).agg(nw.len().alias("rows")).filter(nw.col("rows") > 1).select(_RECORD)
    several = engine.collect(repeated.sort(_RECORD).head(1))
    if len(several):
        on = f" on level {several['level'][0]!r}" if "level" in columns else ""
        msg = f"{name} has several rows of {mask_id(several['record_id'][0])!r}{on}; a record is in one entity, once"
        raise ConfigError(msg)
    return mapping


def _beside(rows: nw.DataFrame[Any], found: pl.DataFrame) -> nw.DataFrame[Any]:
    """Bring a result to the library of a frame."""
    if rows.implementation.is_polars():
        return nw.from_native(found, eager_only=True)
    return nw.from_dict(found.to_dict(as_series=False), dict.fromkeys(found.columns, TEXT), backend=rows.implementation)


@dataclass(frozen=True)
class Churn:
    """How many records and entities changed their id from one mapping to the next.

    Attributes:
        records: how many are in both (a record counts once on each level).
        changed: of those, how many have another id.
        needless: of those, how many have another id though their entity holds the same of them as before; 0 after
            `carry_ids`.
        kept, created, retired: how many entity ids are in both, only in the new, only in the old.
    """

    records: int
    changed: int
    needless: int
    kept: int
    created: int
    retired: int

    @property
    def changed_share(self) -> float:
        """Share of the records that have another id; 0 where there is none."""
        return self.changed / self.records if self.records else 0.0

    @property
    def needless_share(self) -> float:
        """Share of the records that have another id for no reason; 0 where there is none."""
        return self.needless / self.records if self.records else 0.0

    def as_dict(self) -> dict[str, float]:
        """Give the counts and shares by name."""
        return {**asdict(self), "changed_share": self.changed_share, "needless_share": self.needless_share}


def churn(old: Any, new: Any) -> Churn:  # noqa: ANN401 - frames of any library
    """Count what changed its id between two mappings of records to entities.

    Args:
        old: record_id, entity_id, and level if there are several; see `carry_ids`.
        new: the same.

    Raises:
        ConfigError: as `carry_ids`.

    >>> import polars as pl
    >>> old = pl.DataFrame({"record_id": ["a", "b", "c"], "entity_id": ["ana", "ana", "cy"]})
    >>> new = pl.DataFrame({"record_id": ["a", "b", "c"], "entity_id": ["1", "1", "1"]})
    >>> churn(old, new)
    Churn(records=3, changed=3, needless=0, kept=0, created=1, retired=2)
    """
    engine = engine_for(old, new)
    before, after = _mappings(old, new, engine)
    parts = _shared(before, after).group_by(*_ENTITY, "was").agg(nw.len().cast(COUNT).alias("records"))
    for end in ("was", "entity_id"):
        parts = engine.with_totals(parts, ["level", end], **{f"of_{end}": nw.col("records").sum()})
    same = (nw.col("records") == nw.col("of_was")) & (nw.col("records") == nw.col("of_entity_id"))
    moved = nw.when(nw.col("was") != nw.col("entity_id")).then(nw.col("records")).otherwise(0)
    marked = parts.with_columns(same.alias("same"), moved.alias("changed"))
    needless = nw.when(nw.col("same")).then(nw.col("changed")).otherwise(0).alias("needless")
    sums = engine.collect(marked.with_columns(needless).select(nw.col("records", "changed", "needless").sum()))
    ids = [frame.select(_ENTITY).unique(_ENTITY) for frame in (before, after)]
    counts = [engine.count(frame) for frame in (*ids, ids[0].join(ids[1], on=_ENTITY, how="semi"))]
    records, changed, spare = (int(total or 0) for total in sums.row(0))
    return Churn(records, changed, spare, kept=counts[2], created=counts[1] - counts[2], retired=counts[0] - counts[2])
