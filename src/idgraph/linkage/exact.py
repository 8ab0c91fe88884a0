"""Exact evidence: which values join the records that hold them, and which are kept from it.

Evidence stays record–value: k records with one value give k - 1 edges to its first holder, never k² pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.linkage import guards
from idgraph.linkage.names import name_parts
from idgraph.linkage.rules import rules_of
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.config import Config, IdentifierType
    from idgraph.engines import Engine

__all__ = ["Context", "Exact", "link_exact"]

_ORDER: Final = {"id": 0, "contact": 1, "device": 2, "none": 3}
_PERSON_NAME: Final = ("full_name", "first_name", "last_name")


@dataclass(frozen=True)
class Context:
    """What the guards of a level may ask about records.

    Attributes:
        level: person, tenant or account.
        records: record, kind, and the attributes that names are in.
        aliases: survivor, merged (records of this level).
        hierarchy: child, parent.
        event_sources: names of the sources that are event tables.
        user_types: identifier types whose values name a user of the product.
    """

    level: str
    records: nw.LazyFrame
    aliases: nw.LazyFrame
    hierarchy: nw.LazyFrame
    event_sources: frozenset[str]
    user_types: frozenset[str]


@dataclass(frozen=True)
class Exact:
    """Exact evidence of one level.

    Attributes:
        identifiers: as given, one row for each record, type and value, with rules, state, weight and reason.
        edges: left, right (records), rule, weight.
    """

    identifiers: nw.LazyFrame
    edges: nw.LazyFrame


def link_exact(identifiers: nw.LazyFrame, context: Context, config: Config, engine: Engine) -> Exact:
    """Decide which values link.

    Args:
        identifiers: record, kind, source, type, value, raw, observed_at, observed_basis, origin, support, note, reason.
        context: the records and what else guards ask.
        config: what each type is trusted for, and which rules are off.
        engine: what runs it.

    Returns:
        The evidence. Types that name one thing come first: they tell which user ids are the same user.
    """
    names = engine.collect(identifiers.select("type").unique("type")).to_series().drop_nulls().to_list()
    types = sorted((config.type_of(context.level, name) for name in names), key=lambda t: (_ORDER[t.trust], t.name))
    marked = [_marked(identifiers.head(0), None, {}, None, engine)]
    edges = [_no_edges(context.records)]
    users: nw.LazyFrame | None = None
    for described in types:
        if described.trust == "device" and users is None:
            users = _users(nw.concat(edges), identifiers, context, engine)
        rules = rules_of(context.level, described.name, config.without) if described.trust != "none" else {}
        rows = identifiers.filter(nw.col("type") == described.name)
        rows, shared = _shared(engine.number(_judged(rows, context.level), "row"), engine)
        barred = engine.checkpoint(_barred(shared, described, context, users, engine))
        marked.append(_marked(rows, shared.join(barred, on="node"), rules, described, engine))
        free = shared.join(barred, on="node", how="anti")
        edges += [_edges(free, rule, kinds, described) for rule, kinds in rules.items()]
    return Exact(engine.checkpoint(nw.concat(marked)), engine.checkpoint(nw.concat(edges)))


def _judged(rows: nw.LazyFrame, level: str) -> nw.LazyFrame:
    """Say of each value by itself whether something bars it."""
    reason = nw.col("reason").cast(TEXT)
    for note, bar in guards.NOTES_THAT_BAR["person" if level == "person" else "account"].items():
        reason = nw.when(nw.col("note") == note).then(nw.lit(bar)).otherwise(reason)
    return rows.with_columns(reason.alias("reason")).drop("note")


def _shared(rows: nw.LazyFrame, engine: Engine) -> tuple[nw.LazyFrame, nw.LazyFrame]:
    """Name the values that several records hold.

    Args:
        rows: numbered identifiers of one type.
        engine: what runs it.

    Returns:
        The rows, each record and value once (as first known), and the shared frame that `guards` describes.
    """
    linkable = rows.filter(nw.col("reason").is_null())
    held = linkable.select(
        "row",
        "record",
        "kind",
        "source",
        nw.col("row").min().over("value").alias("node"),
        nw.len().over("value").alias("holders"),
    )
    several = engine.checkpoint(held.filter(nw.col("holders") > 1).drop("holders"))
    first = several.group_by("record", "node").agg(nw.col("row").min())
    repeats = engine.count(several) - engine.count(first)
    if not repeats:
        return rows, several
    order = ["unknown", "observed_at", "raw", "row"]
    dated = several.join(rows.select("row", "observed_at", "raw"), on="row")
    dated = dated.with_columns(nw.col("observed_at").is_null().alias("unknown"))
    shared = engine.checkpoint(dated.unique(["record", "node"], keep="first", order_by=order).drop(order[:3]))
    dropped = several.join(shared.select("row"), on="row", how="anti").select("row")
    alone = nw.len().over("node")  # a value that one record repeats is not shared
    return rows.join(dropped, on="row", how="anti"), shared.filter(alone > 1)


def _barred(
    shared: nw.LazyFrame, described: IdentifierType, context: Context, users: nw.LazyFrame | None, engine: Engine
) -> nw.LazyFrame:
    """Ask every guard that a type has; a value that several bar is barred for the first reason."""
    found = [guards.over_limit(shared, described.limit, context.event_sources)]
    if described.trust == "device" and users is not None:
        found.append(guards.of_several_users(shared, users))
    if described.agreement is not None:
        parts = _name_parts(shared, context, engine)
        reason = "names_disagree" if context.level == "person" else "ambiguous_domain"
        found += [guards.disagreeing(shared, parts, described.agreement, reason)] if parts is not None else []
    if context.level == "account" and described.trust == "contact":
        found.append(guards.related(shared, context.hierarchy))
    ranked = [frame.with_columns(nw.lit(rank).alias("rank")) for rank, frame in enumerate(found)]
    return nw.concat(ranked).unique("node", keep="first", order_by="rank").drop("rank")


def _name_parts(shared: nw.LazyFrame, context: Context, engine: Engine) -> nw.LazyFrame | None:
    """The parts of the names of those who share a value; tenants are named too freely to be asked."""
    columns = context.records.collect_schema().names()
    if context.level == "account":
        name = nw.col("name") if "name" in columns else None
        records = context.records.filter(nw.col("kind") != "tenant")
    else:
        present = [nw.col(column) for column in _PERSON_NAME if column in columns]
        name = nw.concat_str(present, separator=" ", ignore_nulls=True) if present else None
        records = context.records
    if name is None:
        return None
    holders = records.join(shared.select("record").unique("record"), on="record", how="semi")
    named = holders.select("record", name.alias("name")).filter(~nw.col("name").is_null() & (nw.col("name") != ""))
    kernel = name_parts("company_name" if context.level == "account" else "person_name")
    schema = {"record": named.collect_schema()["record"], "part": nw.UInt64()}
    return engine.checkpoint(engine.map_batches(named, kernel, schema))


def _users(edges: nw.LazyFrame, identifiers: nw.LazyFrame, context: Context, engine: Engine) -> nw.LazyFrame:
    """Tell who each record is by ids and aliases alone, for those that carry a user id: record, user."""
    aliases = context.aliases.select(nw.col("survivor").alias("left"), nw.col("merged").alias("right"))
    known = engine.components(nw.concat([edges.select("left", "right"), aliases]))
    is_user = nw.col("type").is_in(sorted(context.user_types)) & nw.col("reason").is_null()
    holders = identifiers.filter(is_user).select("record").unique("record")
    placed = holders.join(known, left_on="record", right_on="node", how="left")
    users = engine.checkpoint(placed.select("record", nw.coalesce("component", "record").alias("user")))
    others = known.join(users.select("user"), left_on="component", right_on="user", how="semi")
    everyone = nw.concat([users, others.select(nw.col("node").alias("record"), nw.col("component").alias("user"))])
    return engine.checkpoint(everyone.unique(["record", "user"]))


def _marked(
    rows: nw.LazyFrame,
    barred: nw.LazyFrame | None,
    rules: Mapping[str, tuple[str, ...]],
    described: IdentifierType | None,
    engine: Engine,
) -> nw.LazyFrame:
    """Say of each identifier what became of it."""
    if barred is None:  # no identifiers, in the columns of some
        rows = _judged(rows, "person")
    else:
        reasons = barred.select("row", nw.col("reason").alias("barred"))
        rows = rows.join(reasons, on="row", how="left").with_columns(nw.coalesce("reason", "barred").alias("reason"))
        rows = rows.drop("row", "barred")
    free = nw.lit("used" if rules else "unused")
    state = nw.when(nw.col("reason").is_null()).then(free).otherwise(nw.lit("suppressed"))
    by_kind = nw.lit(None).cast(TEXT)
    for kind in sorted({kind for kinds in rules.values() for kind in kinds}):
        names = ",".join(rule for rule, kinds in rules.items() if kind in kinds)
        by_kind = nw.when(nw.col("kind") == kind).then(nw.lit(names)).otherwise(by_kind)
    return rows.with_columns(
        by_kind.cast(engine.word).alias("rules"),
        state.cast(engine.word).alias("state"),
        nw.lit(described.weight if described else 0.0).alias("weight"),
        nw.col("reason").cast(engine.word),
    )


def _edges(free: nw.LazyFrame, rule: str, kinds: tuple[str, ...], described: IdentifierType) -> nw.LazyFrame:
    """Join each holder of a value to its first holder."""
    holders = free if rule == described.name else free.filter(nw.col("kind").is_in(list(kinds)))
    ends = holders.select(nw.col("record").alias("left"), nw.col("record").min().over("node").alias("right"))
    joined = ends.filter(nw.col("left") != nw.col("right"))
    return joined.with_columns(nw.lit(rule).alias("rule"), nw.lit(described.weight).alias("weight"))


def _no_edges(records: nw.LazyFrame) -> nw.LazyFrame:
    ends = [nw.col("record").alias("left"), nw.col("record").alias("right")]
    return records.head(0).select(*ends, nw.lit("").alias("rule"), nw.lit(0.0).alias("weight"))
