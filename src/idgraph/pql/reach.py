"""From a graph's events to an activity: the person, tenant, account and parent that each event counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.entities.describe import ENTITY_FRAMES
from idgraph.errors import EngineError
from idgraph.pql.activity import CONTACTS, ENTITIES, EVENTS, FACTS, REFUSED, Activity, now_of
from idgraph.pql.ways import ways
from idgraph.schema import FRAMES
from idgraph.sources.events import NO_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from idgraph.engines import Engine

__all__ = ["activity_of"]

_STATED: Final = ("crm", "tenant")  # memberships that a system states; others are told by a mail domain or a name
_NAMES: Final = ("full_name", "name", "tenant_name", "email")
_MADE: Final = {"person": "user", "tenant": "tenant"}  # whose record tells since when there is one of a level
_IN_CRM: Final = {"person": ("contact", "lead"), "account": ("crm_account",)}  # by what sales knows them, best first


def activity_of(
    frames: Mapping[str, nw.LazyFrame], now: datetime | None, known: Callable[[datetime], Activity], engine: Engine
) -> Activity:
    """Credit a graph's events to its entities.

    An event counts for the account of the tenant, or the CRM account, that it names, and for no other, even where that
    is unknown: a person of several accounts carries nothing from one to another. Only an event that names none counts
    for the person's primary account. An account that nobody owns is its own parent.

    Args:
        frames: all frames of a graph.
        now: the time as of which the graph is; None: the latest event.
        known: gives the activity of the graph as it was known at a time.
        engine: what runs it.

    Raises:
        ConfigError: nothing happened.
        EngineError: the graph is on Spark.
    """
    if engine.name != "polars":
        msg = "activity is computed by Polars, and this graph is on Spark. Write it, and open it here: ig.open('out/')."
        raise EngineError(msg)
    needed = ("events", "facts", "rejects", "records", "assignments", "members", "memberships", *ENTITY_FRAMES.values())
    held = {name: engine.collect(frames[name]) for name in needed}
    held["about accounts"] = _about_accounts(held)
    held["ways"] = _ways(held, frames, engine)
    events = _credited(held)
    return Activity(
        history=events.lazy(),
        told=_facts(held).lazy(),
        entities=_entities(held).lazy(),
        now=now or now_of(events.lazy()),
        known=known,
        contacts=_contacts(held).lazy(),
        refused=_refused(held["rejects"]).lazy(),
    )


def _credited(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The columns of `EVENTS`."""
    events = held["events"].with_columns(pl.col("source", "event").cast(pl.String))
    people = _placed(held, "person").select("record_id", person_id="entity_id", person_core="strict_id")
    tenants = _placed(held, "tenant").select(company_record_id="record_id", tenant_id="entity_id")
    accounts = _placed(held, "account").select(
        company_record_id="record_id", company_id="entity_id", company_core="strict_id"
    )
    found = events.join(people, on="record_id", how="left").join(tenants, on="company_record_id", how="left")
    found = found.join(accounts, on="company_record_id", how="left").join(_primary(held), on="person_id", how="left")
    found = found.join(_sure_members(held), on=["person_core", "member_of"], how="left")
    names_company = pl.col("company_record_id").is_not_null()
    found = found.with_columns(
        account_id=pl.when(names_company).then("company_id").otherwise("member_of"),
        via=pl.when(~names_company)
        .then("member_via")
        .when(pl.col("company_id").is_null())
        .then(pl.lit("unknown"))
        .when(pl.col("tenant_id").is_not_null())
        .then(pl.lit("tenant"))
        .otherwise(pl.lit("crm")),
    )
    found = found.join(held["about accounts"], on="account_id", how="left")
    found = found.join(_about_people(held), on="person_id", how="left")
    found = found.join(held["ways"], on="company_core", how="left")
    by_company = pl.col("company_core") == pl.col("main_core")
    strict = pl.when(names_company).then(by_company).otherwise(pl.col("sure").fill_null(value=False))
    doubts = [
        ("way_weight", pl.col("way_rule"), names_company),
        ("account_weakest", pl.col("account_rule"), ~names_company | pl.col("way_weight").is_null()),
        ("person_weakest", pl.col("person_rule"), ~names_company),
        ("member_weight", pl.col("member_via"), ~names_company),
    ]
    weight = pl.min_horizontal(pl.when(there).then(pl.col(name)) for name, _, there in doubts)
    rule = pl.coalesce(pl.when(there & (pl.col(name) == weight)).then(rule) for name, rule, there in doubts)
    return found.with_columns(
        strict=pl.when(pl.col("account_id").is_not_null()).then(strict),
        weight=pl.when(~strict).then(weight),
        rule=pl.when(~strict).then(rule),
        **_way_to_person(),
    ).select(pl.col(name).cast(dtype) for name, dtype in EVENTS.items())


def _way_to_person() -> dict[str, pl.Expr]:
    """How sure it is whose an event is: it is by the main core of a person."""
    main = pl.col("person_main").is_null() | (pl.col("person_core") == pl.col("person_main"))
    said = {"person_weight": pl.col("person_weakest"), "person_rule": pl.col("person_rule")}
    return {
        "person_strict": pl.when(pl.col("person_id").is_not_null()).then(main),
        **{name: pl.when(~main).then(value) for name, value in said.items()},
    }


def _placed(held: Mapping[str, pl.DataFrame], level: str) -> pl.DataFrame:
    return held["assignments"].filter(pl.col("level").cast(pl.String) == level).drop("level")


def _ways(held: Mapping[str, pl.DataFrame], frames: Mapping[str, nw.LazyFrame], engine: Engine) -> pl.DataFrame:
    """How surely each core of an account belongs to its main one: company_core, way_weight, way_rule."""
    placed = _placed(held, "account")
    main = held["about accounts"].select("main_core", entity_id="account_id")
    cores = placed.join(_doubtful(placed), on="entity_id", how="semi").join(main, on="entity_id")
    records = engine.lazy(cores.select("record_id"))
    identifiers = engine.collect(frames["identifiers"].join(records, on="record_id", how="semi"))
    links = engine.collect(frames["links"].join(records.rename({"record_id": "left_id"}), on="left_id", how="semi"))
    names = {"strict_id": "company_core", "weight": "way_weight", "rule": "way_rule"}
    return ways(cores, identifiers, links).rename(names)


def _primary(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Each person's primary account: person_id, member_of, member_via, member_weight (null where a system says so)."""
    via = pl.col("via").cast(pl.String)
    return (
        held["members"]
        .filter("is_primary")
        .select(
            person_id="profile_id",
            member_of="account_id",
            member_via=via,
            member_weight=pl.when(~via.is_in(_STATED)).then("weight"),
        )
    )


def _sure_members(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Which cores of people a system states to belong to the core of an account: person_core, member_of, sure."""
    people = _placed(held, "person").select(person_record_id="record_id", person_core="strict_id")
    accounts = _placed(held, "account").select(company_record_id="record_id", member_of="entity_id", core="strict_id")
    stated = held["memberships"].filter(pl.col("via").cast(pl.String).is_in(_STATED))
    cores = held["about accounts"].select(member_of="account_id", core="main_core")
    found = stated.join(people, on="person_record_id").join(accounts, on="company_record_id")
    found = found.join(cores, on=["member_of", "core"], how="semi")
    return found.select("person_core", "member_of").unique().with_columns(sure=pl.lit(value=True))


def _about_accounts(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Each account's main core, its parent, and its weakest evidence where it is not all sure.

    The main core is what sales knows it as: of most CRM accounts, then of most records, then the one that sorts first.
    """
    placed = _placed(held, "account")
    main = _main_cores(held, placed, "crm_account", "main_core")
    rows = held["accounts"].join(main, on="entity_id", how="left").join(_doubtful(placed), on="entity_id", how="left")
    return rows.select(
        "main_core",
        account_id="entity_id",
        parent_id=pl.coalesce("ultimate_parent_id", "entity_id"),
        account_weakest=pl.when("doubtful").then("weakest_weight"),
        account_rule=pl.col("weakest_rule").cast(pl.String),
    )


def _about_people(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Of each person that is not all sure the weakest evidence, and the main core: that of most users, as in accounts.

    Returns:
        person_id, person_weakest, person_rule, person_main.
    """
    placed = _placed(held, "person")
    doubtful = placed.join(_doubtful(placed), on="entity_id", how="semi")
    rows = held["profiles"].join(_main_cores(held, doubtful, "user", "person_main"), on="entity_id")
    rule = pl.col("weakest_rule").cast(pl.String)
    return rows.select("person_main", person_id="entity_id", person_weakest="weakest_weight", person_rule=rule)


def _main_cores(held: Mapping[str, pl.DataFrame], placed: pl.DataFrame, kind: str, name: str) -> pl.DataFrame:
    """The core of each entity of most records of a kind, then of most records, then the one that sorts first."""
    is_one = held["records"].select("record_id", of_kind=pl.col("kind").cast(pl.String) == kind)
    cores = (
        placed.join(is_one, on="record_id").group_by("entity_id", "strict_id").agg(pl.col("of_kind").sum(), pl.len())
    )
    ordered = cores.sort("of_kind", "len", "strict_id", descending=[True, True, False])
    return ordered.group_by("entity_id", maintain_order=True).agg(pl.col("strict_id").first().alias(name))


def _doubtful(placed: pl.DataFrame) -> pl.DataFrame:
    """The entities that strict evidence alone would not hold together."""
    parts = placed.group_by("entity_id").agg(pl.col("strict_id").n_unique())
    return parts.filter(pl.col("strict_id") > 1).select("entity_id", doubtful=pl.lit(value=True))


def _facts(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The attributes of entities, which hold always, and what sources said of them from a time on."""
    levels = {level: held[name] for level, name in ENTITY_FRAMES.items()} | {"parent": _parents(held)}
    parts = [_attributes(level, rows) for level, rows in levels.items()]
    for level, column in (("person", "record_id"), ("tenant", "company_record_id"), ("account", "company_record_id")):
        placed = _placed(held, level).select("entity_id", pl.col("record_id").alias(column))
        said = held["facts"] if level != "person" else held["facts"].filter(pl.col("company_record_id").is_null())
        said = said.select(column, pl.col("name").cast(pl.String), "value", "at")
        parts.append(said.join(placed, on=column).with_columns(level=pl.lit(level)))
    tops = levels["parent"].select("entity_id")  # of whom at the top what is told is told of the whole
    parts.append(parts[-1].join(tops, on="entity_id", how="semi").with_columns(level=pl.lit("parent")))
    return pl.concat([part.select(pl.col(name).cast(dtype) for name, dtype in FACTS.items()) for part in parts])


def _attributes(level: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The attributes of entities, one row for each: level, entity_id, name, value, at (null)."""
    declared = {column for name in ENTITY_FRAMES.values() for column in FRAMES[name].columns}
    names = [
        name
        for name, dtype in rows.schema.items()
        if name not in declared and dtype == pl.String and not name.endswith("_record_id")
    ]
    marked = rows.select("entity_id", *(pl.col(name).alias(f"fact:{name}") for name in names))
    long = marked.unpivot(index="entity_id", variable_name="name", value_name="value").drop_nulls("value")
    return long.with_columns(
        pl.col("name").str.strip_prefix("fact:"), level=pl.lit(level), at=pl.lit(None, dtype=FACTS["at"])
    )


def _parents(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The accounts that stand at the top, themselves included."""
    tops = held["accounts"].select(entity_id=pl.coalesce("ultimate_parent_id", "entity_id")).unique()
    return held["accounts"].join(tops, on="entity_id", how="semi")


def _entities(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Everyone there is: the columns of `ENTITIES`."""
    primary = _primary(held).select(entity_id="person_id", parent="member_of")
    people = held["profiles"].join(primary, on="entity_id", how="left")
    tenants = held["tenants"].with_columns(parent="account_id")
    accounts = held["accounts"].with_columns(parent=pl.coalesce("ultimate_parent_id", "entity_id"))
    parents = _parents(held).with_columns(parent=pl.lit(None))
    in_crm = pl.concat([_in_crm(held, level) for level in _IN_CRM])
    begun = _begun(held)
    parts = []
    for level, told in (("person", people), ("tenant", tenants), ("account", accounts), ("parent", parents)):
        rows = told.join(in_crm, on="entity_id", how="left").join(begun, on="entity_id", how="left")
        names = [pl.col(name) for name in _NAMES if name in rows.columns]
        named = rows.with_columns(level=pl.lit(level), name=pl.coalesce(*names) if names else pl.lit(None))
        parts.append(named.select(pl.col(name).cast(dtype) for name, dtype in ENTITIES.items()))
    return pl.concat(parts)


def _in_crm(held: Mapping[str, pl.DataFrame], level: str) -> pl.DataFrame:
    """The record by which sales knows each entity: entity_id, crm_id."""
    best = _of_crm(held, level).group_by("entity_id", maintain_order=True)
    return best.agg(crm_id=pl.col("record_id").first())


def _of_crm(held: Mapping[str, pl.DataFrame], level: str) -> pl.DataFrame:
    """The CRM's records, best first: entity_id, record_id; none that was merged away or only referred to."""
    kinds = _IN_CRM[level]
    kind = pl.col("kind").cast(pl.String)
    known = held["records"].filter(kind.is_in(kinds), ~pl.col("stub"), ~pl.col("deleted").fill_null(value=False))
    ranked = known.select("record_id", "last_seen", rank=kind.replace_strict(kinds, range(len(kinds))))
    placed = _placed(held, level).join(ranked, on="record_id")
    if level == "account":
        cores = held["about accounts"].select("main_core", entity_id="account_id")
        placed = placed.join(cores, on="entity_id").with_columns(rank=pl.col("strict_id") != pl.col("main_core"))
    ordered = placed.sort("rank", "last_seen", "record_id", descending=[False, True, False], nulls_last=True)
    return ordered.select("entity_id", "record_id")


def _begun(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """When people signed up and tenants were made, as their own records say: entity_id, since."""
    kind = pl.col("kind").cast(pl.String)
    made = held["records"].filter(kind.is_in(list(_MADE.values())), ~pl.col("stub")).select("record_id", "first_seen")
    placed = pl.concat([_placed(held, level) for level in _MADE])
    return placed.join(made, on="record_id").group_by("entity_id").agg(since=pl.col("first_seen").min())


def _refused(rejects: pl.DataFrame) -> pl.DataFrame:
    """Count the rows that are no events: the columns of `REFUSED`. What else is refused is no row of events."""
    rows = rejects.filter(pl.col("grain").cast(pl.String) == "row", pl.col("reason").cast(pl.String).is_in(NO_EVENT))
    return rows.group_by(pl.col("reason").cast(pl.String)).agg(number=pl.len()).cast(pl.Schema(REFUSED))


def _contacts(held: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """By which record the CRM knows a person at each account that it says they belong to: the columns of `CONTACTS`."""
    stated = held["memberships"].filter(
        pl.col("via").cast(pl.String) == "crm", pl.col("state").cast(pl.String) == "used"
    )
    accounts = _placed(held, "account").select(company_record_id="record_id", account_id="entity_id")
    at = stated.join(accounts, on="company_record_id").select("account_id", record_id="person_record_id")
    people = _of_crm(held, "person").rename({"entity_id": "person_id"})
    both = people.join(at, on="record_id", maintain_order="left")
    best = both.group_by("person_id", "account_id", maintain_order=True)
    return best.agg(crm_id=pl.col("record_id").first()).select(list(CONTACTS))
