"""What records say of other records: resolved to the records meant, or to stubs where nobody sent those."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.config import DEFAULT_TYPES
from idgraph.errors import MappingError
from idgraph.schema import KINDS, TEXT, level_of
from idgraph.sources.systems import PRESETS
from idgraph.sources.table import KindBy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.sources.table import Cell, Columns, Role, Source

__all__ = [
    "Owner",
    "Resolved",
    "record_sources",
    "refuse_misplaced",
    "refuse_unknown_rows",
    "resolve_references",
    "with_ends",
    "with_reference_types",
]

_REFERENCE: Final = ("record", "role", "type", "value", "via", "observed_at")
_ROLES: Final[tuple[Role, ...]] = ("belongs_to", "same_as", "merged", "owned_by")
_MEANT: Final[dict[Role, str]] = {
    "identifier": "its identifiers",
    "belongs_to": "the ids in belongs_to",
    "same_as": "the ids in same_as",
    "merged": "the ids in merged",
    "owned_by": "the ids in owned_by",
}


@dataclass(frozen=True)
class Owner:
    """What is known of a source that an earlier run read.

    Attributes:
        name: its name.
        kinds: what its records are.
        own_type: the identifier type of its records' own ids; None for events.
    """

    name: str
    kinds: frozenset[str]
    own_type: str | None


def with_reference_types(sources: Sequence[Source], known: Sequence[Owner] = ()) -> list[Source]:
    """Say by identifier type what each reference refers to, where a mapping says it by kind.

    Args:
        sources: all sources of a run, or those that are added to one.
        known: the sources of the run that they are added to.

    Returns:
        The same, `belongs_to={"tenant": …}` having become e.g. `{"app.tenant_id": …}`.

    Raises:
        MappingError: several types, or none, could be meant.
    """
    owners: dict[str, set[str]] = {kind: set() for kind in KINDS}
    everyone: list[Source | Owner] = [*sources, *known]
    for owner in everyone:
        for kind in owner.kinds if owner.own_type else ():
            owners[kind].add(owner.own_type or "")
    for described in DEFAULT_TYPES:
        if described.kind and not owners[described.kind]:
            owners[described.kind] = {described.name} if described.name.startswith("app.") else set()
    return [
        dataclasses.replace(
            source,
            belongs_to=_by_type(source, source.belongs_to, owners),
            same_as=_by_type(source, source.same_as, owners),
            merged=_by_type(source, source.merged, owners),
            owned_by=_by_type(source, source.owned_by, owners),
        )
        for source in sources
    ]


def _by_type(source: Source, mapping: Mapping[str, Columns], owners: Mapping[str, set[str]]) -> dict[str, Columns]:
    typed: dict[str, Columns] = {}
    for key, columns in mapping.items():
        candidates = owners.get(key, {key})
        if len(candidates) != 1:
            among = (
                f"one of {', '.join(sorted(candidates))}"
                if candidates
                else "the identifier type, e.g. 'crm.account_id'"
            )
            problem = f"its reference to {key!r} could mean {len(candidates) or 'no'} tables"
            raise MappingError(source.name, problem, f"Write {among} in place of {key!r}.")
        typed[next(iter(candidates))] = columns
    return typed


def refuse_misplaced(sources: Sequence[Source], config: Config) -> None:
    """Refuse ids in a place where they would mean something else: a company's id does not identify a person.

    Args:
        sources: all sources of a run, their references said by type.
        config: what types name.

    Raises:
        MappingError: an identifier or a reference names a record of the wrong level, or a table that has other ids.
    """
    named: dict[str, set[str]] = {}
    for described in (*config.types, *DEFAULT_TYPES):
        named.setdefault(described.name, set()).add("person" if described.level == "person" else "account")
    for source in sources:
        named.setdefault(source.own_type or "", set()).add(source.level)
    for source in sources:
        own = source.level
        for cell in source.cells("identifier", *_ROLES):
            level = "account" if cell.role in {"belongs_to", "owned_by"} else own
            if level not in named.get(cell.name, {level}):
                what, asked = ("a company", "people") if level == "person" else ("a person", "companies")
                problem = f"{cell.name!r} names {what}, and {_MEANT[cell.role]} are of {asked}"
                hint = "Who belongs where goes into belongs_to" if own == "person" else "Map it where the people are"
                raise MappingError(source.name, problem, f"{hint}; what only describes goes into attributes.")
            if cell.role in _ROLES:
                _refuse_other_ids(source, cell, sources, config)


def refuse_unknown_rows(sources: Sequence[Source], known: Sequence[Owner] = ()) -> None:
    """Refuse a source about rows of no source, which only of a known system is no fault, or that cannot be said of.

    And one whose rows are about nobody, neither by themselves nor by others.

    Args:
        sources: all sources of a run, or those that are added to one.
        known: the sources of the run that they are added to.

    Raises:
        MappingError: there is no such source, companies would belong to companies, or `merged` names records of another
            source; or nothing says whom rows are about.
    """
    asked = {name for source in sources for name in source.about}
    everyone: list[Source | Owner] = [*known, *sources]
    others = {other.name: other for other in everyone}
    for source in sources:
        if not (source.kind or source.identifiers or source.belongs_to or source.merged or source.name in asked):
            problem = "its rows name neither a person nor a company, and no other source is about them"
            mend = (
                f"Name them in identifiers or belongs_to, or give the table that does: about={{{source.name!r}: '…'}}."
            )
            raise MappingError(source.name, problem, mend)
        for name in source.about:
            if name in others:
                _refuse_unsaid(source, others[name])
            elif not source.optional:
                problem = f"its rows are about those of {name!r}, and there is no such source"
                raise MappingError(source.name, problem, f"Give it too; there are {', '.join(sorted(others))}.")


def _refuse_unsaid(source: Source, other: Source | Owner) -> None:
    """Refuse what rows cannot say of those of another source."""
    what = f"its rows are about those of {other.name!r}"
    if source.belongs_to and any(level_of(kind) != "person" for kind in other.kinds):
        problem = f"{what}, which are companies, and belong to none"
        raise MappingError(source.name, problem, "Take the people's table in about, the companies in belongs_to.")
    for name in source.merged:
        if name != other.own_type:
            problem = f"{what}, and merged names {name!r}, which their ids are not of"
            mend = f"Write {other.own_type!r} in its place." if other.own_type else "Leave merged out."
            raise MappingError(source.name, problem, mend)


def _refuse_other_ids(source: Source, cell: Cell, sources: Sequence[Source], config: Config) -> None:
    """Refuse a reference to a table by a type that its ids are not of: it would find none of them."""
    meant, _ = _stub_identity(cell.name, cell.role, sources, config)
    for other in sources:
        if other.name == meant and other.own_type not in {None, cell.name}:
            problem = f"its {cell.role} by {cell.name!r} means {meant!r}, whose ids are of the type {other.own_type!r}"
            mend = f"Write {other.own_type!r} in its place, or map {meant} with id_type={cell.name!r}."
            raise MappingError(source.name, problem, mend)


@dataclass(frozen=True)
class Resolved:
    """References that have found their records.

    Attributes:
        stubs: records known only by reference: record, type (of their ids), source, kind, native_id.
        memberships: person, company (records), via, observed_at, until: see `with_ends`.
        hierarchy: child, parent (records), via, observed_at.
        aliases: survivor, merged (records), via, at.
    """

    stubs: nw.LazyFrame
    memberships: nw.LazyFrame
    hierarchy: nw.LazyFrame
    aliases: nw.LazyFrame


def resolve_references(
    records: nw.LazyFrame,
    references: nw.LazyFrame,
    merged: Sequence[nw.LazyFrame],
    sources: Sequence[Source],
    config: Config,
    engine: Engine,
    start: int,
) -> Resolved:
    """Find the records that references mean.

    Args:
        records: record, source, kind, native_id of all sources.
        references: record, role, type, value, via, observed_at of all sources.
        merged: what rows about records say that these absorbed: native_id (of one of the type), role, type, value, via,
            observed_at.
        sources: which of them owns which type of id.
        config: what kind of record a type of id names.
        engine: what runs it.
        start: the first number for stubs.

    Returns:
        Memberships, hierarchy and aliases between records; a record is never a member, owner or alias of itself.
    """
    owners = _owners(records, [references, *merged], sources, engine)
    merged = [_leading(nw.concat(merged), references, owners, engine)] if merged else []
    said = [references.select("role", "type", "value"), *map(_ends, merged)]
    asked = engine.checkpoint(nw.concat(said).unique(["role", "type", "value"]))
    missing = asked.join(owners, on=["type", "value"], how="anti")
    stubs = engine.number(_stubs(missing, sources, config, engine).sort("type", "native_id"), "record", start)
    known = nw.concat([owners, stubs.select("type", nw.col("native_id").alias("value"), target="record")])
    by_whom = known.select("type", native_id="value", record="target")
    told = [rows.join(by_whom, on=["type", "native_id"]).select(_REFERENCE) for rows in merged]
    targets = nw.concat([references.select(_REFERENCE), *told]).join(known, on=["type", "value"])
    kinds = nw.concat([records.select("record", "kind"), stubs.select("record", "kind")])
    kinds = kinds.select(nw.col("record").alias("target"), nw.col("kind").cast(TEXT).alias("target_kind"))
    links = engine.checkpoint(targets.join(kinds, on="target").filter(nw.col("record") != nw.col("target")))

    def of(role: str) -> nw.LazyFrame:
        return links.filter(nw.col("role") == role)

    survivors = of("same_as").select("via", survivor="target", merged="record", at="observed_at")
    absorbed = of("merged").select("via", survivor="record", merged="target", at="observed_at")
    via = nw.when(nw.col("target_kind") == "tenant").then(nw.lit("tenant")).otherwise(nw.lit("crm"))
    tables = [source.name for source in sources if not source.is_events]
    rows = records.filter(nw.col("source").is_in(tables)).select("record")  # an event tells of one moment only
    return Resolved(
        stubs=stubs,
        memberships=with_ends(
            of("belongs_to").select("observed_at", person="record", company="target", via=via), rows, engine
        ),
        hierarchy=of("owned_by").select("via", "observed_at", child="record", parent="target"),
        aliases=nw.concat([survivors, absorbed]),
    )


def _ends(merged: nw.LazyFrame) -> nw.LazyFrame:
    """Both sides of merges, as what is asked for: role, type, value."""
    survivors = merged.select("role", "type", value="native_id")
    return nw.concat([survivors, merged.select("role", "type", "value")])


def _leading(merged: nw.LazyFrame, references: nw.LazyFrame, owners: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Keep the merges that lead, one over the other, to a record that there is or that another refers to.

    A system keeps the merges of records that it has long deleted: nobody is left whom those could be.
    """
    nodes = engine.number(_ends(merged).select("type", "value").unique(["type", "value"]).sort("type", "value"), "node")
    left = nodes.select("type", native_id="value", left="node")
    right = nodes.select("type", "value", right="node")
    edges = engine.checkpoint(merged.join(left, on=["type", "native_id"]).join(right, on=["type", "value"]))
    known = nw.concat([owners.select("type", "value"), references.select("type", "value")])
    parts = engine.components(edges.select("left", "right"))
    there = parts.join(nodes.join(known, on=["type", "value"], how="semi"), on="node", how="semi")
    leading = parts.join(there, on="component", how="semi").select(left="node")
    return engine.checkpoint(edges.join(leading, on="left", how="semi").drop("left", "right"))


def with_ends(said: nw.LazyFrame, rows: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Say of what records told of their companies when a newer row of the same record told otherwise.

    Args:
        said: person, company (records), via, observed_at: one row for each time it was said.
        rows: record: those that are rows of a table, of which a newer one takes the place of an older.
        engine: what runs it.

    Returns:
        person, company, via, observed_at (when first known), until (the time of the record's newest row, where that
        names other companies only; else null): each once.
    """
    spans = said.group_by("person", "company", "via").agg(
        nw.col("observed_at").min(), nw.col("observed_at").max().alias("latest")
    )
    known = engine.with_totals(spans, ["person", "via"], newest=nw.col("latest").max())
    marked = rows.with_columns(nw.lit(value=True).alias("is_row"))
    known = engine.lookup(known, "person", marked, "record", {"is_row": "is_row"})
    over = nw.col("is_row").fill_null(value=False) & (nw.col("latest") < nw.col("newest"))
    until = nw.when(over).then(nw.col("newest")).alias("until")
    return engine.checkpoint(known.select("person", "company", "via", "observed_at", until))


def _owners(
    records: nw.LazyFrame, references: Sequence[nw.LazyFrame], sources: Sequence[Source], engine: Engine
) -> nw.LazyFrame:
    """The record that owns each id that may be referred to; where tables share a type, the first numbered."""
    types = nw.concat([rows.select("type") for rows in references])
    asked = set(engine.collect(types.unique("type")).to_series())
    owned = [
        records.filter(nw.col("source") == source.name).select(
            nw.lit(source.own_type).alias("type"), nw.col("native_id").alias("value"), nw.col("record").alias("target")
        )
        for source in sources
        if source.own_type in asked
    ]
    none = records.head(0).select(nw.lit("").alias("type"), nw.lit("").alias("value"), nw.col("record").alias("target"))
    return nw.concat([none, *owned]).group_by("type", "value").agg(nw.col("target").min())


def _stubs(missing: nw.LazyFrame, sources: Sequence[Source], config: Config, engine: Engine) -> nw.LazyFrame:
    """One record for each id that is referred to and that no source sent."""
    unknown = missing.group_by("type", "value").agg(nw.col("role").min())
    asked = engine.collect(unknown.select("type", "role").unique(["type", "role"])).sort("type", "role").rows()
    word = nw.lit("").cast(engine.word)
    none = unknown.head(0).select("type", nw.lit("").alias("native_id"), word.alias("source"), word.alias("kind"))
    stubs = [none]
    for name, role in asked:
        source, kind = _stub_identity(name, role, sources, config)
        some = unknown.filter((nw.col("type") == name) & (nw.col("role") == role))
        stubs.append(
            some.select(
                "type",
                nw.col("value").alias("native_id"),
                nw.lit(source).cast(engine.word).alias("source"),
                nw.lit(kind).cast(engine.word).alias("kind"),
            )
        )
    return nw.concat(stubs)


def record_sources(name: str, level: str, known: Sequence[Owner], config: Config) -> list[str]:
    """Name the sources whose records ids of a type may mean: those that own it, or the table that usually does.

    Args:
        name: the type.
        level: person or account.
        known: the sources of a run.
        config: what kind of record a type of id names.
    """
    owners = {owner.name for owner in known if owner.own_type == name}
    kind = config.type_of(level, name).kind or ("contact" if level == "person" else "crm_account")
    return sorted(owners) or [_usual_source(name, kind)]


def _usual_source(name: str, kind: str) -> str:
    """The table that is known to have ids of a type, or what such a table would be called."""
    usual = (preset.source for preset in PRESETS if preset.id_type == name and preset.kind == kind)
    return next(usual, name.removesuffix(".id").replace(".", "_").lower())


def _stub_identity(name: str, role: str, sources: Sequence[Source], config: Config) -> tuple[str, str]:
    """The source and the kind of a stub: its type's owner in this run, or the table that is known to have such ids.

    So a stub keeps its record id on the day its table arrives.
    """
    for source in sorted(sources, key=lambda source: source.name):
        if source.own_type == name:
            return source.name, source.kind.otherwise if isinstance(source.kind, KindBy) else min(source.kinds)
    referring = [s for s in sources if any(cell.name == name for cell in s.cells(*_ROLES))]
    is_person = role in {"same_as", "merged"} and any(level_of(k) == "person" for s in referring for k in s.kinds)
    default = "contact" if is_person else "crm_account"
    kind = config.type_of("person" if is_person else "account", name).kind or default
    return _usual_source(name, kind), kind
