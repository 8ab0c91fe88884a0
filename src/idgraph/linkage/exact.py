"""Exact evidence: which values join the records that hold them, and which are kept from it.

Evidence stays record–value: k records with one value give k - 1 edges to its first holder, never k² pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.linkage import guards
from idgraph.linkage.devices import SAYS_NOTHING, Holders, links_by_time, people_on
from idgraph.linkage.names import name_parts
from idgraph.linkage.own_domains import own_domains, with_reason, without_note
from idgraph.linkage.rules import DEVICE_RULE, rules_of
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.config import Config, IdentifierType
    from idgraph.engines import Engine

__all__ = ["Context", "Exact", "link_exact", "names_of"]

_ORDER: Final = {"id": 0, "contact": 1, "device": 2, "none": 3}


@dataclass(frozen=True)
class Context:
    """What the guards of a level may ask about records.

    Attributes:
        level: person, tenant or account.
        records: record, kind, first_seen, last_seen.
        names: record, name; see `names_of`.
        aliases: survivor, merged (records of this level).
        hierarchy: child, parent.
        event_sources: names of the sources that are event tables.
        user_types: identifier types whose values name a user of the product.
    """

    level: str
    records: nw.LazyFrame
    names: nw.LazyFrame
    aliases: nw.LazyFrame
    hierarchy: nw.LazyFrame
    event_sources: frozenset[str]
    user_types: frozenset[str]


@dataclass(frozen=True)
class Exact:
    """Exact evidence of one level.

    Attributes:
        identifiers: by type, as given, one row for each record and value; reason says why a value may not link, and
            rules, state and weight what became of it.
        edges: left, right (records), rule, weight.
        links: records on shared devices with the user whose they are: see `idgraph.linkage.devices.links_by_time`; None
            where no device is shared. Their edges are among the others.
    """

    identifiers: dict[str, nw.LazyFrame]
    edges: nw.LazyFrame
    links: nw.LazyFrame | None = None


def link_exact(identifiers: dict[str, nw.LazyFrame], context: Context, config: Config, engine: Engine) -> Exact:
    """Decide which values link.

    Args:
        identifiers: by type, the working identifiers of the level's records: see `idgraph.sources.load.Loaded`. Each is
            taken out when its turn comes, so that memory holds it once.
        context: the records and what else guards ask.
        config: what each type is trusted for, and which rules are off.
        engine: what runs it.

    Returns:
        The evidence. Devices come last: what is stronger tells which user ids are the same user.
    """
    types = sorted(
        (config.type_of(context.level, name) for name in identifiers), key=lambda t: (_ORDER[t.trust], t.name)
    )
    marked: dict[str, nw.LazyFrame] = {}
    edges = [_no_edges(context, engine)]
    known: _Known | None = None
    holders: list[Holders] = []
    for described in types:
        rules = rules_of(context.level, described.name, config.without) if described.trust != "none" else {}
        rows = identifiers.pop(described.name)
        own = None
        if context.level == "account" and described.normaliser == "domain":
            own = own_domains(rows, context.names, engine)
            rows = without_note(rows, own, engine)
        rows = engine.number(_judged(rows, context.level), "row")
        rows, shared = _shared(rows, engine)
        if described.trust == "device" and engine.count(shared):
            known = _known(nw.concat(edges), marked, context, engine)
        barred = _barred(shared, described, context, known, engine)
        if context.level == "account" and described.trust == "contact":
            barred = _with_bridges(barred, shared, nw.concat(edges), context, engine)
        if known is not None and rules and DEVICE_RULE not in config.without:
            holders += _of_shared_devices(described, rules, rows, shared, barred, engine)
        rows = _with_bars(rows, barred, engine)
        marked[described.name] = with_reason(_marked(rows, rules, described, engine), own, engine)
        free = shared.join(barred, on="row", how="anti")
        edges += [engine.checkpoint(_edges(free, rule, kinds, described, engine)) for rule, kinds in rules.items()]
    joined = engine.checkpoint(nw.concat(edges))
    if not holders or known is None:
        return Exact(marked, joined)
    identified = nw.concat(_identified(marked, context, config))
    people = people_on(holders, _components(joined, context, engine), identified, known.users, engine)
    links = links_by_time(holders, context.records, people, engine)
    by_time = links.select("left", "right", nw.col("rule").cast(engine.word), "weight")
    return Exact(marked, engine.checkpoint(nw.concat([joined, by_time])), links)


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
        The rows, each record and value once (its own, as first known), and the shared frame that `guards` describes.
    """
    linkable = rows.filter(nw.col("reason").is_null())
    linkable = linkable.select("row", "record", "kind", "source", "value")
    held = engine.repeated(linkable, "value", "holders", node=nw.col("row").min())
    several = engine.checkpoint(held.drop("value"))
    if not engine.count(several.group_by("record", "node").agg(nw.len().alias("n")).filter(nw.col("n") > 1)):
        return rows, several
    order = ["derived", "unknown", "observed_at", "raw", "row"]
    dated = several.join(rows.select("row", "origin", "observed_at", "raw"), on="row")
    dated = dated.with_columns(
        (nw.col("origin") == "derived").alias("derived"), nw.col("observed_at").is_null().alias("unknown")
    ).drop("origin")
    once = engine.checkpoint(dated.unique(["record", "node"], keep="first", order_by=order).drop(*order[:4], "holders"))
    dropped = several.join(once.select("row"), on="row", how="anti").select("row")
    shared = engine.with_totals(once, ["node"], holders=nw.len()).filter(nw.col("holders") > 1)
    return rows.join(dropped, on="row", how="anti"), engine.checkpoint(shared)


def _barred(
    shared: nw.LazyFrame, described: IdentifierType, context: Context, known: _Known | None, engine: Engine
) -> nw.LazyFrame:
    """Ask every guard that a type has; what several bar is barred for the first reason: row, reason."""
    found = [guards.over_limit(shared, described.limit, context.event_sources)]
    if described.trust == "device" and known is not None:
        found.append(guards.of_several_users(shared, known.users))
        found.append(_of_several_people(shared, known, context, engine))
    if described.agreement is not None:
        reason = "names_disagree" if context.level == "person" else "ambiguous_domain"
        found.append(_disagreeing(shared, described.agreement, reason, context, engine))
    if context.level == "account" and described.trust == "contact":
        found.append(guards.related(shared, context.hierarchy))
    ranked = [frame.with_columns(nw.lit(rank).alias("rank")) for rank, frame in enumerate(found)]
    return engine.checkpoint(nw.concat(ranked).unique("row", keep="first", order_by=["rank"]).drop("rank"))


def _disagreeing(shared: nw.LazyFrame, agreement: float, reason: str, context: Context, engine: Engine) -> nw.LazyFrame:
    """Ask whether the names of those who share a value agree, where they are enough, and differ, to disagree."""
    named = engine.lookup(shared.select("node", "record"), "record", context.names, "record", {"name": "name"})
    named = named.filter(~nw.col("name").is_null())
    size = nw.len().alias("size")
    spread = named.group_by("node").agg(size, nw.col("name").min().alias("first"), nw.col("name").max().alias("last"))
    doubtful = spread.filter((nw.col("size") * agreement > 1) & (nw.col("first") != nw.col("last")))
    asked = engine.checkpoint(engine.having(named, doubtful, ["node"]))
    return guards.disagreeing(shared, asked, _parts(asked, context, engine), agreement, reason, engine)


def _parts(named: nw.LazyFrame, context: Context, engine: Engine, *, mistyped: bool = False) -> nw.LazyFrame:
    """The parts of names: record, part."""
    kernel = name_parts("company_name" if context.level == "account" else "person_name", mistyped=mistyped)
    schema = {"record": named.collect_schema()["record"], "part": nw.UInt64()}
    asked = named.select("record", "name").unique(["record", "name"])
    return engine.checkpoint(engine.map_batches(asked, kernel, schema))


def _with_bridges(
    barred: nw.LazyFrame, shared: nw.LazyFrame, edges: nw.LazyFrame, context: Context, engine: Engine
) -> nw.LazyFrame:
    """Bar, of the values that are left, those by which a tenant would join companies that are called otherwise."""
    free = shared.join(barred, on="row", how="anti")
    is_tenant = nw.col("kind") == "tenant"
    tenants = engine.checkpoint(free.filter(is_tenant).select("row", node="record", value="node"))
    firms = free.filter(~is_tenant).select("record", value="node")
    by_value = tenants.join(firms, on="value").select("node", "record", "row")
    joined = _components(edges, context, engine)
    mine = engine.lookup(tenants.select("node").unique("node"), "node", joined, "node", {"whole": "component"})
    by_id = mine.join(joined.select(record="node", whole="component"), on="whole").select("node", "record")
    none = nw.lit(None).cast(by_value.collect_schema()["row"]).alias("row")
    leading = nw.concat([by_value, by_id.select("node", "record", none)])
    leading = engine.lookup(leading, "record", context.names, "record", {"name": "name"})
    leading = engine.checkpoint(leading.filter(~nw.col("name").is_null()))
    named = leading.select("node", "record", "name").unique(["node", "record"])
    several = named.group_by("node").agg(nw.col("name").min().alias("first"), nw.col("name").max().alias("last"))
    asked = named.join(several.filter(nw.col("first") != nw.col("last")).select("node"), on="node", how="semi")
    asked = engine.checkpoint(asked)
    parts = _parts(asked, context, engine, mistyped=True)
    found = guards.bridging(leading.drop("name"), asked, parts, engine)
    return engine.checkpoint(nw.concat([barred, found]))


def _of_several_people(shared: nw.LazyFrame, known: _Known, context: Context, engine: Engine) -> nw.LazyFrame:
    """Ask whether those who share a device go by names that agree; each has all that stronger evidence gives them."""
    placed = engine.lookup(shared.select("node", "record"), "record", known.people, "node", {"person": "component"})
    placed = placed.select("node", nw.coalesce("person", "record").alias("record"))
    several = placed.group_by("node").agg(nw.col("record").n_unique().alias("n")).filter(nw.col("n") > 1)
    people = engine.checkpoint(engine.having(placed, several, ["node"]).unique(["node", "record"]))
    asked = people.select("record").unique("record")
    inside = known.people.join(asked, left_on="component", right_on="record", how="semi")
    inside = inside.select(nw.col("node").alias("member"), nw.col("component").alias("record"))
    inside = nw.concat([inside, asked.select(nw.col("record").alias("member"), "record")]).unique("member")
    names = context.names.select(nw.col("record").alias("member"), "name")
    named = engine.checkpoint(inside.join(names, on="member").select("record", "name"))
    parts = _parts(named, context, engine).unique(["record", "part"])
    return guards.of_several_people(shared, people, parts, engine)


@dataclass(frozen=True)
class _Known:
    """Who is who by evidence stronger than a device, and by the types of device that were judged before.

    Attributes:
        people: node, component: records that evidence joins.
        users: record, user: see `_users`.
    """

    people: nw.LazyFrame
    users: nw.LazyFrame


def _known(edges: nw.LazyFrame, identifiers: Mapping[str, nw.LazyFrame], context: Context, engine: Engine) -> _Known:
    people = _components(edges, context, engine)
    return _Known(people, _users(people, identifiers, context, engine))


def _users(
    known: nw.LazyFrame, identifiers: Mapping[str, nw.LazyFrame], context: Context, engine: Engine
) -> nw.LazyFrame:
    """Tell who each record is by evidence stronger than a device, for those that carry a user id: record, user."""
    held = [identifiers[name].filter(nw.col("reason").is_null()) for name in context.user_types if name in identifiers]
    none = context.records.select("record").head(0)
    holders = engine.checkpoint(nw.concat([none, *(frame.select("record") for frame in held)]))
    alone = holders.join(known, left_on="record", right_on="node", how="anti").unique("record")
    placed = known.join(holders, left_on="node", right_on="record", how="semi").select("component").unique("component")
    joined = known.join(placed, on="component", how="semi")
    joined = joined.select(nw.col("node").alias("record"), nw.col("component").alias("user"))
    return engine.checkpoint(nw.concat([alone.select("record", nw.col("record").alias("user")), joined]))


def _components(edges: nw.LazyFrame, context: Context, engine: Engine) -> nw.LazyFrame:
    """Bring together what edges and the systems' own merges join: node, component."""
    aliases = context.aliases.select(nw.col("survivor").alias("left"), nw.col("merged").alias("right"))
    return engine.components(nw.concat([edges.select("left", "right"), aliases]))


def _of_shared_devices(
    described: IdentifierType,
    rules: Mapping[str, tuple[str, ...]],
    rows: nw.LazyFrame,
    shared: nw.LazyFrame,
    barred: nw.LazyFrame,
    engine: Engine,
) -> list[Holders]:
    """Keep who holds the devices of several users, if there are any."""
    several = barred.filter(nw.col("reason") == "several_users")
    if not engine.count(several):
        return []
    held = shared.select("row", "node", "record", "kind").join(several.select("row"), on="row", how="semi")
    seen = held.join(rows.select("row", "value", "observed_at", "observed_basis"), on="row").drop("row")
    return [Holders(described, rules, engine.checkpoint(seen))]


def _identified(marked: Mapping[str, nw.LazyFrame], context: Context, config: Config) -> list[nw.LazyFrame]:
    """The records that say who they are: by an id, an address or a name."""
    trusted = [name for name in marked if config.type_of(context.level, name).trust in {"id", "contact"}]
    said = nw.col("reason").is_null() | ~nw.col("reason").cast(TEXT).is_in(list(SAYS_NOTHING))
    return [context.names.select("record"), *(marked[name].filter(said).select("record") for name in trusted)]


def _with_bars(rows: nw.LazyFrame, barred: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Write the reasons of barred values beside the identifiers that hold them."""
    if engine.count(barred):
        rows = engine.lookup(rows, "row", barred, "row", {"barred": "reason"})
        rows = rows.with_columns(nw.coalesce("reason", "barred").alias("reason")).drop("barred")
    return engine.checkpoint(rows.drop("row", "source").with_columns(nw.col("reason").cast(engine.word)))


def _marked(
    rows: nw.LazyFrame, rules: Mapping[str, tuple[str, ...]], described: IdentifierType, engine: Engine
) -> nw.LazyFrame:
    """Say of each identifier what became of it."""
    free = nw.lit("used" if rules else "unused").cast(engine.word)
    state = nw.when(nw.col("reason").is_null()).then(free).otherwise(nw.lit("suppressed").cast(engine.word))
    by_kind = nw.lit(described.name if described.name in rules else None).cast(TEXT).cast(engine.word)
    for kind in sorted({kind for kinds in rules.values() for kind in kinds}) if len(rules) > 1 else ():
        names = nw.lit(",".join(rule for rule, kinds in rules.items() if kind in kinds)).cast(engine.word)
        by_kind = nw.when(nw.col("kind") == kind).then(names).otherwise(by_kind)
    return rows.with_columns(
        nw.lit(described.name).cast(engine.word).alias("type"),
        by_kind.alias("rules"),
        state.alias("state"),
        nw.lit(described.weight).alias("weight"),
        nw.col("reason").cast(engine.word),
    )


def _edges(
    free: nw.LazyFrame, rule: str, kinds: tuple[str, ...], described: IdentifierType, engine: Engine
) -> nw.LazyFrame:
    """Join each holder of a value to its first holder."""
    holders = free if rule == described.name else free.filter(nw.col("kind").is_in(list(kinds)))
    ends = holders.select(nw.col("record").alias("left"), "node")
    ends = engine.with_totals(ends, ["node"], right=nw.col("left").min()).drop("node")
    joined = ends.filter(nw.col("left") != nw.col("right"))
    return joined.with_columns(nw.lit(rule).cast(engine.word).alias("rule"), nw.lit(described.weight).alias("weight"))


def _no_edges(context: Context, engine: Engine) -> nw.LazyFrame:
    ends = [nw.col("record").alias("left"), nw.col("record").alias("right")]
    rule = nw.lit("").cast(engine.word).alias("rule")
    return context.records.head(0).select(*ends, rule, nw.lit(0.0).alias("weight"))


def names_of(records: nw.LazyFrame, level: str) -> nw.LazyFrame:
    """The names that records bear, for guards: record, name. Tenants are named too freely to be asked.

    Args:
        records: record, kind and attributes: `full_name`, or `first_name` and `last_name`; of companies `name`.
        level: person, tenant or account.
    """
    columns = records.collect_schema().names()
    if level == "person":
        parts = [nw.col(column) for column in ("full_name", "first_name", "last_name") if column in columns]
        bearers = records
    else:
        parts = [nw.col("name")] if "name" in columns else []
        bearers = records.filter(nw.col("kind") != "tenant")
    if not parts:
        return records.head(0).select("record", nw.lit("").alias("name"))
    name = nw.concat_str(parts, separator=" ", ignore_nulls=True)
    return bearers.select("record", name.alias("name")).filter(nw.col("name") != "")
