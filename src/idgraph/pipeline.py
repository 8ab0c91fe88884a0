"""The steps in order: exports to records, records to evidence, evidence to a graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from idgraph.config import DEFAULT_TYPES, Config, IdentifierType
from idgraph.engines import engine_for
from idgraph.entities.build import Evidence, build
from idgraph.errors import ConfigError, MappingError
from idgraph.graph import Graph, run_facts
from idgraph.linkage.derived import address_domains, addresses_in_ids, member_domains, untagged_addresses
from idgraph.linkage.exact import Context, Exact, link_exact
from idgraph.linkage.rules import check_rule_names
from idgraph.schema import ACCOUNT_KINDS, COUNT, LEVELS, PERSON_KINDS, TEXT, level_of
from idgraph.sources.load import Loaded, load
from idgraph.sources.references import Resolved, resolve_references, with_reference_types

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from idgraph.engines import Engine
    from idgraph.sources.table import Source

__all__ = ["resolve"]

_USER_KINDS: Final = frozenset({"user", "clickstream"})


def resolve(*sources: Source, config: Config | None = None, progress: Callable[[str], None] | None = None) -> Graph:
    """Link the records of all sources and collapse them into profiles, tenants and accounts.

    Args:
        sources: the exports, each with its mapping; names must differ.
        config: settings; the defaults suit most B2B data.
        progress: called with a few words before each step.

    Returns:
        The graph, with all its frames computed.

    Raises:
        ConfigError: no source, two of one name, or a rule name that does not exist.
        SourceError: a source cannot be read, or its mapping does not fit.
    """
    config = config or Config()
    say = progress or (lambda _: None)
    typed = _checked(sources, config)
    config = _with_own_types(config, typed)
    engine = engine_for(next((source.data for source in typed), None))
    gathered = _gathered(typed, config, engine, say)
    say("linking")
    evidence = _linked(gathered, typed, config, engine)
    say("collapsing")
    frames = build(evidence, config, engine)
    read = [_source_facts(source, gathered.files[source.name]) for source in typed]
    return Graph(frames, config, engine, run_facts(config, engine, read))


def _checked(sources: Sequence[Source], config: Config) -> list[Source]:
    """Refuse what can be refused before any work; order by name, so that order never matters."""
    if not sources:
        msg = "there is no source to resolve. Give at least one: resolve(*discover('exports/'))."
        raise ConfigError(msg)
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            raise MappingError(source.name, "two sources have this name", "Give each table its own name.")
        seen.add(source.name)
    types = {cell.name for source in sources for cell in source.cells("identifier")} | {"domain", "email"}
    check_rule_names(config.without, types | {source.own_type for source in sources if source.own_type})
    return sorted(with_reference_types(sources), key=lambda source: source.name)


def _with_own_types(config: Config, sources: Sequence[Source]) -> Config:
    """Describe the own ids of sources whose type nobody described: they name one record of the source's kind."""
    described = {(t.level, t.name) for t in (*config.types, *DEFAULT_TYPES)}
    added = []
    for source in sources:
        kind = min(source.kinds)
        if source.own_type and (level_of(kind), source.own_type) not in described:
            found = {"name": source.own_type, "level": level_of(kind), "kind": kind}
            added.append(IdentifierType.model_validate(found))
            described.add((level_of(kind), source.own_type))
    return config.model_copy(update={"types": (*config.types, *added)})


@dataclass(frozen=True)
class _Gathered:
    """What all sources gave together; see `idgraph.sources.load.Loaded` and `Resolved`."""

    records: nw.LazyFrame
    identifiers: nw.LazyFrame
    references: Resolved
    rejects: nw.LazyFrame
    files: dict[str, list[Path]]


def _gathered(sources: Sequence[Source], config: Config, engine: Engine, say: Callable[[str], None]) -> _Gathered:
    """Read all sources, and resolve what their records say of each other."""
    loaded: list[Loaded] = []
    start = 0
    for source in sources:
        say(f"reading {source.name}")
        loaded.append(load(source, config, engine, start))
        start += loaded[-1].size
    records = nw.concat([part.records for part in loaded], how="diagonal")
    references = nw.concat([part.references for part in loaded])
    resolved = resolve_references(records, references, sources, config, engine, start)
    stubs = resolved.stubs.with_columns(nw.lit(value=True).alias("stub"))
    everyone = nw.concat([records, stubs], how="diagonal").with_columns(
        nw.concat_str(nw.col("source").cast(TEXT), nw.col("native_id"), separator=":").alias("record_id"),
        nw.col("stub").fill_null(value=False),
        nw.col("deleted").fill_null(value=False),
    )
    everyone = engine.checkpoint(everyone)
    identifiers = nw.concat([part.identifiers for part in loaded])
    own = _own_ids(everyone, sources, identifiers.collect_schema().names(), engine)
    identifiers = nw.concat([identifiers, *own])
    files = {source.name: part.files for source, part in zip(sources, loaded, strict=True)}
    return _Gathered(everyone, identifiers, resolved, nw.concat([part.rejects for part in loaded]), files)


def _own_ids(
    records: nw.LazyFrame, sources: Sequence[Source], columns: Sequence[str], engine: Engine
) -> list[nw.LazyFrame]:
    """Own ids are identifiers where other sources hold values of their type, or own it too."""
    held = Counter(name for source in sources for name in {cell.name for cell in source.cells("identifier")})
    owned = Counter(source.own_type for source in sources if source.own_type)
    known = ~nw.col("first_seen").is_null()
    none = nw.lit(None).cast(TEXT)
    return [
        records.filter(nw.col("source") == source.name)
        .with_columns(
            nw.col("first_seen").alias("observed_at"),
            nw.when(known)
            .then(nw.lit("created"))
            .otherwise(nw.lit("unknown"))
            .cast(engine.word)
            .alias("observed_basis"),
            nw.lit(1).cast(COUNT).alias("support"),
            nw.lit(source.own_type).cast(engine.word).alias("type"),
            nw.col("native_id").alias("value"),
            none.alias("raw"),
            nw.lit("own").cast(engine.word).alias("origin"),
            none.cast(engine.word).alias("note"),
            none.cast(engine.word).alias("reason"),
        )
        .select(*columns)
        for source in sources
        if source.own_type and (held[source.own_type] or owned[source.own_type] > 1)
    ]


def _linked(gathered: _Gathered, sources: Sequence[Source], config: Config, engine: Engine) -> Evidence:
    """Decide what links: companies first, by their own identifiers and the domains of their people; then people."""
    user_types = frozenset(t.name for t in (*config.types, *DEFAULT_TYPES) if t.kind in _USER_KINDS)
    references = gathered.references

    def context(level: str) -> Context:
        return Context(
            level=level,
            records=gathered.records.filter(nw.col("kind").is_in(list(LEVELS[level]))),
            aliases=references.aliases,
            hierarchy=references.hierarchy,
            event_sources=frozenset(source.name for source in sources if source.is_events),
            user_types=user_types,
        )

    people = gathered.identifiers.filter(nw.col("kind").is_in(list(PERSON_KINDS)))
    people = engine.checkpoint(nw.concat([people, addresses_in_ids(people, user_types, engine)]))
    people = nw.concat([people, untagged_addresses(people, engine)])
    addresses = engine.checkpoint(address_domains(people, engine))
    companies = gathered.identifiers.filter(nw.col("kind").is_in(list(ACCOUNT_KINDS)))
    derived = member_domains(references.memberships, addresses, config, engine)
    companies = engine.checkpoint(nw.concat([companies, _as_identifiers(derived, gathered.records, companies, engine)]))
    tenant_types = {t.name for t in (*config.types, *DEFAULT_TYPES) if t.kind == "tenant"}
    of_tenants = (nw.col("kind") == "tenant") & nw.col("type").is_in(sorted(tenant_types))
    exact: dict[str, Exact] = {
        "account": link_exact(companies, context("account"), config, engine),
        "tenant": link_exact(companies.filter(of_tenants), context("tenant"), config, engine),
        "person": link_exact(people, context("person"), config, engine),
    }
    return Evidence(
        records=gathered.records,
        identifiers=nw.concat([exact["person"].identifiers, exact["account"].identifiers]),
        edges={level: found.edges for level, found in exact.items()},
        memberships=references.memberships,
        addresses=addresses,
        hierarchy=references.hierarchy,
        aliases=references.aliases,
        rejects=gathered.rejects,
    )


def _as_identifiers(domains: nw.LazyFrame, records: nw.LazyFrame, like: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Domains read from people, in the columns of identifiers."""
    known = ~nw.col("observed_at").is_null()
    held = domains.join(records.select("record", "kind", "source"), on="record").with_columns(
        nw.lit("domain").cast(engine.word).alias("type"),
        nw.lit("derived").cast(engine.word).alias("origin"),
        nw.when(known).then(nw.lit("event")).otherwise(nw.lit("unknown")).cast(engine.word).alias("observed_basis"),
        nw.col("support").cast(COUNT),
        nw.col("reason").cast(engine.word),
        nw.lit(None).cast(TEXT).alias("raw"),
        nw.lit(None).cast(TEXT).cast(engine.word).alias("note"),
    )
    return held.select(like.collect_schema().names())


def _source_facts(source: Source, files: Sequence[Path]) -> dict[str, Any]:
    """What a run keeps of a source: never where on the machine its files were."""
    return {"name": source.name, "kinds": sorted(source.kinds), "files": [_file_facts(path) for path in files]}


def _file_facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}
