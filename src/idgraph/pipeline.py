"""The steps in order: exports to records, records to evidence, evidence to a graph."""

from __future__ import annotations

from dataclasses import replace
from hashlib import file_digest
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from idgraph.audit.plan import Plan, planned
from idgraph.collapse.judgements import read_judgements
from idgraph.config import DEFAULT_TYPES, Config, IdentifierType
from idgraph.engines import engine_for
from idgraph.engines.run import run_facts
from idgraph.entities.evidence import Evidence, judged_pairs
from idgraph.entities.links import LINK
from idgraph.errors import ConfigError, MappingError
from idgraph.graph import Graph
from idgraph.linkage.alike import with_edges
from idgraph.linkage.derived import address_domains, addresses_in_ids, member_domains, untagged_addresses
from idgraph.linkage.exact import Context, Exact, link_exact, names_of
from idgraph.linkage.likeness import Likeness, Linked, keys_of, likeness
from idgraph.linkage.models import Models
from idgraph.linkage.rules import ALIAS_RULE, SIMILAR_RULE, check_rule_names
from idgraph.schema import ACCOUNT_KINDS, COUNT, LEVELS, NUMBER, TEXT, Level, empty, level_of
from idgraph.sources.gather import USERS, Gathered, gather
from idgraph.sources.load import IDENTIFIER
from idgraph.sources.references import refuse_misplaced, refuse_unknown_rows, with_reference_types
from idgraph.sources.table import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from idgraph.engines import Engine

__all__ = ["plan", "resolve"]

_TENANTS: Final = ("tenant",)


def resolve(
    *sources: Source,
    config: Config | None = None,
    judgements: Any = None,  # noqa: ANN401 - a path or a frame of any library
    previous: Graph | None = None,
    models: Models | None = None,
    session: Any = None,  # noqa: ANN401 - a SparkSession, which no step imports
    progress: Callable[[str], None] | None = None,
) -> Graph:
    """Link the records of all sources and collapse them into profiles, tenants and accounts.

    Args:
        sources: the exports, each with its mapping; names must differ.
        config: settings; the defaults suit most B2B data.
        judgements: what people, rules or source systems said of pairs of records: a table (CSV, Parquet, a frame) in
            the columns of the frame `judgements`. Default: those of the previous result.
        previous: an earlier result: its ids stay, and the frame `changes` says what became of them.
        models: what agreement of names, addresses and so on is worth, from an earlier run (`graph.models`) or a file
            (`Models.load`); default: learnt from these records.
        session: a SparkSession to run on, where the sources are files or frames of this process. Default: that of the
            Spark frames among the sources; without any, Polars runs it.
        progress: called with a few words before each step.

    Returns:
        The graph; its frames are computed when they are asked for.

    Raises:
        ConfigError: no source, two of one name, a rule name that does not exist, or a model of another kind of table.
        SourceError: a source or the judgements cannot be read, or a mapping does not fit.
        EngineError: Spark cannot be used as it is, or sources are frames of several of its sessions.
    """
    say = progress or (lambda _: None)
    typed, config, engine = _ready(sources, config or Config(), session)
    tables = [source for source in typed if source.kind]
    said = _judgements(judgements, previous, engine)
    gathered = _gathered(typed, config, engine, say)
    read = [_source_facts(source, gathered.files[source.name]) for source in tables]
    say("linking")
    evidence, alike = _linked(gathered, tables, said, models or Models(), config, engine)
    del gathered  # its identifiers are in the evidence, once
    say("collapsing")
    facts = {**run_facts(config, engine, read), "likeness": alike}
    graph = Graph.collapsed(evidence, config, engine, facts, previous)
    telling = [source for source in typed if source.event or source.kind is None]
    return graph.with_events(*telling) if telling else graph


def plan(
    *sources: Source,
    config: Config | None = None,
    models: Models | None = None,
    session: Any = None,  # noqa: ANN401 - a SparkSession, which no step imports
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """Say what a run over these sources would do, before any two records are compared; nothing is written.

    Sources are read, and shared values judged, as `resolve` does; of likeness the pairs to compare are counted.

    Args:
        sources: see `resolve`.
        config: see `resolve`.
        models: see `resolve`; they say which columns are compared.
        session: see `resolve`.
        progress: see `resolve`.

    Returns:
        Counts and the values that most records hold: see `idgraph.audit.plan.Plan`.

    Raises:
        ConfigError, SourceError, EngineError: see `resolve`.
    """
    say = progress or (lambda _: None)
    typed, config, engine = _ready(sources, config or Config(), session)
    tables = [source for source in typed if source.kind]
    gathered = _gathered(typed, config, engine, say)
    say("linking by shared values")
    known = _known(gathered, tables, config, engine)
    say("counting pairs to compare")
    keys = {} if SIMILAR_RULE in config.without else keys_of(known, models or Models(), config, engine)
    return planned(known, gathered.rejects, keys, engine)


def _ready(sources: Sequence[Source], config: Config, session: Any) -> tuple[list[Source], Config, Engine]:  # noqa: ANN401
    """The sources in order, the settings with all their types, and what runs it."""
    typed = _checked(sources, config)
    names = [source.name for source in typed]
    engine = engine_for(*(source.data for source in typed), names=names, session=session)
    return typed, _with_own_types(config, [source for source in typed if source.kind]), engine


def _gathered(sources: Sequence[Source], config: Config, engine: Engine, say: Callable[[str], None]) -> Gathered:
    """All sources, without what systems merged where that rule is off."""
    found = gather(sources, config, engine, say)
    if ALIAS_RULE not in config.without:
        return found
    return replace(found, references=replace(found.references, aliases=found.references.aliases.head(0)))


def _judgements(given: Any, previous: Graph | None, engine: Engine) -> nw.LazyFrame:  # noqa: ANN401
    """The judgements given, or else those of the previous result."""
    if given is not None:
        return read_judgements(given, engine)
    return engine.lazy(empty("judgements") if previous is None else previous.judgements)


def _checked(sources: Sequence[Source], config: Config) -> list[Source]:
    """Refuse what can be refused before any work; order by name, so that order never matters."""
    if not sources:
        msg = "there is no source to resolve. Give at least one: resolve(*discover('exports/'))."
        raise ConfigError(msg)
    seen: set[str] = set()
    for source in sources:
        if not isinstance(source, Source):
            msg = f"resolve takes sources, not {type(source).__name__}; of a list, or of discover(…): resolve(*sources)"
            raise ConfigError(msg)
        if source.name in seen:
            raise MappingError(source.name, "two sources have this name", "Give each table its own name.")
        seen.add(source.name)
    for source in sources:
        for cell in source.cells("identifier"):
            if not config.knows(source.level, cell.name):
                known = ", ".join(sorted({t.name for t in DEFAULT_TYPES if t.level == source.level}))
                raise MappingError(
                    source.name,
                    f"{cell.name!r} is no known type of identifier",
                    f"It is one of {known}; an id of a system, named with a dot ('stripe.customer_id'); or one that "
                    "Config(types=…) describes. What describes without identifying goes into attributes.",
                )
    if not any(source.kind for source in sources):
        msg = "no source has records: each only refers to people and companies. Give the tables of those too."
        raise ConfigError(msg)
    types = {cell.name for source in sources for cell in source.cells("identifier")}
    types |= {described.name for described in DEFAULT_TYPES}
    check_rule_names(config.without, types | {source.own_type for source in sources if source.own_type})
    typed = with_reference_types(sources)
    refuse_misplaced(typed, config)
    refuse_unknown_rows(typed)
    return sorted(typed, key=lambda source: source.name)


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


def _known(gathered: Gathered, sources: Sequence[Source], config: Config, engine: Engine) -> Linked:
    """Decide what links by shared values: companies by their own identifiers and their people's domains, and people."""
    references = gathered.references
    named = {kind: [t.name for t in (*config.types, *DEFAULT_TYPES) if t.kind in kind] for kind in (USERS, _TENANTS)}

    def link(level: Level, identifiers: dict[str, nw.LazyFrame]) -> Exact:
        records = gathered.records.filter(nw.col("kind").is_in(list(LEVELS[level])))
        context = Context(
            level=level,
            records=records.select("record", "kind", "first_seen", "last_seen"),
            names=engine.checkpoint(names_of(records, level)),
            aliases=references.aliases,
            hierarchy=references.hierarchy,
            event_sources=frozenset(source.name for source in sources if source.is_events),
            user_types=frozenset(named[USERS]),
        )
        return link_exact(identifiers, context, config, engine)

    people = _with_derived(gathered.identifiers.pop("person"), named[USERS], engine)
    addresses = _company_addresses(people, gathered.records, config, engine)
    companies = gathered.identifiers.pop("account")
    derived = member_domains(references.memberships, addresses, config, engine)
    domains = _as_identifiers(derived, gathered.records, engine)
    companies["domain"] = nw.concat([companies["domain"], domains]) if "domain" in companies else domains
    of_tenants = {
        name: frame.filter(nw.col("kind") == "tenant") for name, frame in companies.items() if name in named[_TENANTS]
    }
    exact: dict[Level, Exact] = {
        "tenant": link("tenant", of_tenants),
        "account": link("account", companies),
        "person": link("person", people),
    }
    return Linked(
        records=gathered.records,
        exact=exact,
        memberships=references.memberships,
        addresses=addresses,
        hierarchy=references.hierarchy,
        same=references.aliases.select(nw.col("survivor").alias("left"), nw.col("merged").alias("right")),
    )


def _linked(
    gathered: Gathered,
    sources: Sequence[Source],
    judgements: nw.LazyFrame,
    models: Models,
    config: Config,
    engine: Engine,
) -> tuple[Evidence, dict[str, Any]]:
    """Decide what links: by shared values, and then by likeness; and say how pairs that are alike were found."""
    known = _known(gathered, sources, config, engine)
    judged = judged_pairs(judgements, gathered.records, engine)
    alike = Likeness()
    if SIMILAR_RULE not in config.without:
        same = judged.filter(nw.col("verdict") == "same").select("left", "right")
        alike = likeness(replace(known, same=nw.concat([known.same, same])), models, config, engine)
    edges: dict[str, nw.LazyFrame] = {level: found.edges for level, found in known.exact.items()}
    edges["account"] = with_edges(edges["account"], alike.companies)
    edges["person"] = with_edges(edges["person"], alike.people)
    evidence = Evidence(
        records=gathered.records,
        attributes={level: _attributes(sources, level) for level in ("person", "account")},
        identifiers={level: known.exact[level].identifiers for level in ("person", "account")},
        edges=edges,
        memberships=_memberships(known.memberships, alike.memberships, gathered.records, engine),
        addresses=known.addresses,
        hierarchy=known.hierarchy,
        aliases=gathered.references.aliases,
        rejects=gathered.rejects,
        judged=judged,
        judgements=judgements,
        links=_links(known.exact["person"], alike),
        models=alike.models,
    )
    return evidence, alike.facts


def _memberships(
    belongs: nw.LazyFrame, named: nw.LazyFrame | None, records: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    """Who belongs where: what sources say, and the companies that people's records name."""
    if named is None:
        return belongs
    dated = engine.lookup(named, "person", records, "record", {"observed_at": "first_seen"})
    schema = belongs.collect_schema()
    via, until = nw.col("via").cast(schema["via"]), nw.lit(None).cast(schema["until"]).alias("until")
    columns = ("person", "company", "via", "observed_at", "until")
    return nw.concat([belongs.select(columns), dated.with_columns(via, until).select(columns)])


def _links(exact: Exact, alike: Likeness) -> nw.LazyFrame | None:
    """Links between records on shared devices, and between those that are alike."""
    found = [*alike.links]
    if exact.links is not None:
        found.append(exact.links.with_columns(nw.lit(None).cast(NUMBER).alias("probability")))
    return nw.concat([frame.select(LINK) for frame in found]) if found else None


def _attributes(sources: Sequence[Source], level: str) -> list[str]:
    """The attributes that the sources of a level declare, in their order."""
    of_level = [source for source in sources if source.level == level]
    return list(dict.fromkeys(name for source in of_level for name in source.attributes))


def _with_derived(
    people: dict[str, nw.LazyFrame], user_types: Sequence[str], engine: Engine
) -> dict[str, nw.LazyFrame]:
    """Add the identifiers of people that follow from others."""
    in_ids = [engine.checkpoint(addresses_in_ids(people[name], engine)) for name in user_types if name in people]
    found = [frame for frame in (people.get("email"), *in_ids) if frame is not None]
    if found:
        people["email"] = nw.concat(found)
        people["email_base"] = untagged_addresses(people["email"], engine)
    return {name: frame for name, frame in people.items() if engine.count(frame)}


def _company_addresses(
    people: Mapping[str, nw.LazyFrame], records: nw.LazyFrame, config: Config, engine: Engine
) -> nw.LazyFrame:
    """The company domains that people write from; not asked for where nothing asks who their companies are."""
    if "email" not in people:
        none = records.head(0).select("record", nw.lit("").alias("value"), nw.col("first_seen").alias("observed_at"))
        return address_domains(none, engine)
    compared = SIMILAR_RULE not in config.without
    asked = compared or engine.count(records.filter(nw.col("kind").is_in(list(ACCOUNT_KINDS))))
    return engine.checkpoint(address_domains(people["email"] if asked else people["email"].head(0), engine))


def _as_identifiers(domains: nw.LazyFrame, records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Domains read from people, in the columns of identifiers."""
    known = nw.when(~nw.col("observed_at").is_null()).then(nw.lit("event")).otherwise(nw.lit("unknown"))
    held = domains.join(records.select("record", "kind", "source"), on="record").with_columns(
        nw.lit("derived").cast(engine.word).alias("origin"),
        known.cast(engine.word).alias("observed_basis"),
        nw.col("support").cast(COUNT),
        nw.col("reason").cast(engine.word),
        nw.lit(None).cast(TEXT).alias("raw"),
        nw.lit(None).cast(TEXT).cast(engine.word).alias("note"),
    )
    return held.select(*IDENTIFIER)


def _source_facts(source: Source, files: Sequence[Path]) -> dict[str, Any]:
    """What a run keeps of a source: never where on the machine its files were."""
    return {
        "name": source.name,
        "kinds": sorted(source.kinds),
        "id_type": source.own_type,
        "files": [_file_facts(path) for path in files],
    }


def _file_facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as opened:
        digest = file_digest(opened, "sha256").hexdigest()
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}
