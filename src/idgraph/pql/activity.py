"""`Activity`: what people did, each event with the person, tenant, account and parent it counts for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Literal, get_args

import polars as pl

from idgraph.engines import engine_for
from idgraph.errors import ConfigError, EngineError
from idgraph.normalise.instants import instant
from idgraph.pql.coverage import READ, covered
from idgraph.sources.times import parse_column

__all__ = ["CONTACTS", "ENTITIES", "EVENTS", "FACTS", "LEVELS", "REFUSED", "Activity", "Level", "id_of", "now_of"]

Level = Literal["person", "tenant", "account", "parent"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)

_TIME: Final = pl.Datetime("us", "UTC")
EVENTS: Final[Mapping[str, Any]] = {
    "event_id": pl.String,
    "source": pl.String,
    "event": pl.String,
    "at": _TIME,
    "session_id": pl.String,
    "count": pl.Int64,
    "properties": pl.String,
    "record_id": pl.String,
    "company_record_id": pl.String,
    "person_id": pl.String,
    "tenant_id": pl.String,
    "account_id": pl.String,
    "parent_id": pl.String,
    "via": pl.String,
    "strict": pl.Boolean,
    "weight": pl.Float64,
    "rule": pl.String,
    "person_strict": pl.Boolean,
    "person_weight": pl.Float64,
    "person_rule": pl.String,
}
FACTS: Final[Mapping[str, Any]] = {
    "level": pl.String,
    "entity_id": pl.String,
    "name": pl.String,
    "value": pl.String,
    "at": _TIME,
}
_FEW: Final = 0.1  # of events
ENTITIES: Final[Mapping[str, Any]] = {
    "level": pl.String,
    "entity_id": pl.String,
    "parent": pl.String,
    "name": pl.String,
    "crm_id": pl.String,
    "since": _TIME,
}
REFUSED: Final[Mapping[str, Any]] = {"reason": pl.String, "number": pl.Int64}


CONTACTS: Final[Mapping[str, Any]] = {"person_id": pl.String, "account_id": pl.String, "crm_id": pl.String}


def id_of(level: str) -> str:
    """Name the column of `events` that holds the ids of a level.

    >>> id_of("account")
    'account_id'
    """
    return f"{level}_id"


@dataclass(frozen=True, eq=False)
class Activity:
    """Events with the entities they count for, and what was known about those; as of a time.

    Attributes:
        history: all events, also those after `now`; see `events`.
        told: all facts, also those told after `now`; see `facts`.
        entities: level, entity_id, parent (the entity above: a person's and a tenant's account, an account's parent),
            name, crm_id (the record by which sales knows it: a person's contact, or else lead, an account's CRM
            account in its main core; of several the one seen last), since (of a person the first user record, of a
            tenant its own; null where no record says). One row per entity, also of those without events.
        now: the time as of which it stands.
        known: gives the activity of a graph as identities were known at a time; None where they are columns of a table.
        numbered: whether the number of a row of `history` is its event's id, because no column is.
        contacts: person_id, account_id, crm_id: by which record the CRM knows a person at an account that it says they
            belong to.
        refused: reason, number: how many rows of events could not be used.
    """

    history: pl.LazyFrame
    told: pl.LazyFrame
    entities: pl.LazyFrame
    now: datetime
    known: Callable[[datetime], Activity] | None = None
    numbered: bool = False
    contacts: pl.LazyFrame = field(default_factory=lambda: pl.LazyFrame(schema=CONTACTS))
    refused: pl.LazyFrame = field(default_factory=lambda: pl.LazyFrame(schema=REFUSED))

    @property
    def events(self) -> pl.LazyFrame:
        """Events up to `now`, in the columns of `EVENTS`.

        One row per event. `count` is how many it stands for; `properties` is a JSON object or null; `record_id` and
        `company_record_id` are the records that it names; an id is null where it reaches no entity of that level. `via`
        is how it reaches the account: `tenant` or `crm`, which the event names or the person belongs to, `domain` or
        `company_name` of the person; `unknown` where it names a company that nobody knows. `strict` says whether the
        way from the event to its account rests on evidence without doubt, `weight` is the weakest weight on that way,
        null where all of it is exact, and `rule` what found it: a rule of `links` or `identifiers`, or the `via` of a
        membership. `person_strict`, `person_weight` and `person_rule` say the same of the way to its person.
        """
        return self.read(tuple(EVENTS))

    def on_the_way_to(self, level: Level) -> Activity:
        """Let `strict`, `weight` and `rule` be those of the way from each event to its entity of a level.

        A tenant is named by the event itself; whose account it is, and whose person did it, is no doubt of its.
        """
        ways = {
            "person": {name: pl.col(f"person_{name}") for name in ("strict", "weight", "rule")},
            "tenant": {
                "strict": pl.lit(value=True),
                "weight": pl.lit(None, pl.Float64),
                "rule": pl.lit(None, pl.String),
            },
        }
        return replace(self, history=self.history.with_columns(**ways[level])) if level in ways else self

    def read(self, columns: Sequence[str]) -> pl.LazyFrame:
        """Give some columns of `events`; without ids a scan need not count the rows that it passes over."""
        history = self.history
        if self.numbered and "event_id" in columns:
            counted = history.drop("event_id").with_row_index("event_id", 1)
            history = counted.with_columns(pl.col("event_id").cast(pl.String))
        return history.filter(pl.col("at") <= self.now).select(columns)

    @property
    def facts(self) -> pl.LazyFrame:
        """What was known by `now`: level, entity_id, name, value, at (from when it holds; null: always)."""
        return self.told.filter(pl.col("at").is_null() | (pl.col("at") <= self.now))

    def as_of(self, at: datetime | date | str | None) -> Activity:
        """Give the activity as it stood, or will stand, at a time: what came later is not there.

        That of a graph has nobody's identity from later either; see `Graph.as_of`.

        Args:
            at: a datetime, a date (its first moment), or either as ISO 8601 text; without a zone it is UTC. None: now.

        Raises:
            ConfigError: it is no point in time.
        """
        if at is None:
            return self
        when = instant(at)
        return replace(self if self.known is None else self.known(when), now=when, known=self.known)

    def coverage(self) -> pl.DataFrame:
        """Count what reaches accounts, and how, up to `now`; what reaches none or could not be used is counted too.

        Returns:
            level: `event`, `person` or `tenant` (those with events). Events again are `nobody` (no person is known),
            `before_sign_up` and `before_tenant` (earlier than the user record of their person, or the record of their
            tenant; they count all the same). Not among them are those that are `later` than `now`, and `refused` rows,
            which tell nothing. accounts: `none`, `one` or `several`, which only people can have. via and strict:
            how the events reach their account, null for those that reach none and for people and tenants that reach
            theirs in different ways; `via` of refused rows says why: `repeated`, `no_time` or another reason of the
            frame `rejects`. number: how many events (by their `count`), people, tenants or rows.

        >>> table = pl.DataFrame({"at": ["2026-01-05"] * 3, "event": ["x"] * 3, "who": ["ana", "ana", "bo"]})
        >>> table = table.with_columns(firm=pl.Series(["acme", "beta", None]))
        >>> Activity.from_frame(table, person="who", account="firm").coverage().filter(
        ...     pl.col("level") == "person"
        ... ).rows()
        [('person', 'none', None, None, 1), ('person', 'several', None, True, 1)]
        """
        later = self.history.filter(pl.col("at") > self.now).select(READ)
        return covered(self.read(READ), later, self.entities, self.refused)

    @classmethod
    def from_frame(  # noqa: PLR0913 - one argument for each column
        cls,
        frame: Any,  # noqa: ANN401 - a frame of any library
        *,
        at: str = "at",
        event: str = "event",
        id: str | None = None,
        person: str | None = None,
        tenant: str | None = None,
        account: str | None = None,
        parent: str | None = None,
        session: str | None = None,
        count: str | None = None,
        properties: str | Sequence[str] = (),
        facts: Any = None,  # noqa: ANN401 - a frame of any library
    ) -> Activity:
        """Take a plain table of events whose entities are columns of it; no graph is needed.

        Args:
            frame: one row per event.
            at: the column of times; text is read as ISO 8601, and a time without a zone is UTC. A row without a time
                is not counted.
            event: the column of event names.
            id: the column of event ids; of several rows with one id the earliest is kept. Without it every row is an
                event, and its id is its number.
            person: the column of ids of people.
            tenant: likewise of tenants.
            account: likewise of accounts.
            parent: likewise of what owns accounts.
            session: the column of session ids.
            count: the column that says how many events a row stands for; null is one.
            properties: the column that holds a JSON object, or the columns that are properties.
            facts: level, entity_id, name, value, and perhaps at (from when it holds; null: always).

        Returns:
            The activity as of its latest event. The entity above a person or tenant is the account of its latest event.

        Raises:
            ConfigError: a column is not there, no level is given, or nothing happened at any time.
            EngineError: the frame is on Spark.

        >>> frame = pl.DataFrame(
        ...     {"at": ["2026-01-05", "2026-01-07"], "event": ["login", "invite"], "who": ["ana", "bo"]}
        ... )
        >>> activity = Activity.from_frame(frame, person="who")
        >>> activity.events.select("event_id", "event", "person_id").collect().rows()
        [('1', 'login', 'ana'), ('2', 'invite', 'bo')]
        >>> activity.as_of("2026-01-06").events.collect().height
        1
        """
        raw = _lazy(frame)
        ids = {id_of(level): column for level, column in zip(LEVELS, (person, tenant, account, parent), strict=True)}
        wanted = {"at": at, "event": event, "event_id": id, "session_id": session, "count": count, **ids}
        named = [properties] if isinstance(properties, str) else list(properties)
        _check(raw, [*filter(None, wanted.values()), *named], [*filter(None, ids.values())])
        rows = _events(raw, wanted, properties)
        events = _once(rows, named=id is not None)
        told = _facts(None if facts is None else _lazy(facts))
        now = now_of(events)
        return cls(events, told, _entities(events, told), now, numbered=id is None, refused=_refused(rows))


def now_of(events: pl.LazyFrame) -> datetime:
    """Give the time of the latest event, but for a few that come from the future, as where a device's clock is wrong.

    Where they are more than a few the clock of this machine is not that of the events, and the latest counts.

    Raises:
        ConfigError: there is none.
    """
    at = pl.col("at")
    ahead = at > datetime.now(UTC)
    asked = events.select(few=ahead.sum() <= _FEW * at.count(), present=at.filter(~ahead).max(), last=at.max())
    few, present, last = asked.collect().row(0)
    now = present if few else last
    if now is None:
        msg = "nothing is known to have happened: no event has a time. Say of a source what its rows tell: event='…'"
        raise ConfigError(msg)
    return now.replace(tzinfo=UTC)  # type: ignore[no-any-return]


def _lazy(frame: Any) -> pl.LazyFrame:  # noqa: ANN401 - a frame of any library
    engine = engine_for(frame)
    if engine.name != "polars":
        msg = (
            "product-qualified accounts are computed by Polars. Write the graph (graph.write), open it on this machine "
            "(ig.open), and give the events as a collected frame or as scanned Parquet."
        )
        raise EngineError(msg)
    lazy: pl.LazyFrame = engine.lazy(frame).to_native()
    return lazy


def _check(frame: pl.LazyFrame, columns: Sequence[str], levels: Sequence[str]) -> None:
    present = frame.collect_schema().names()
    if missing := [column for column in columns if column not in present]:
        msg = f"the events have no column {', '.join(map(repr, missing))}; their columns are {', '.join(present)}"
        raise ConfigError(msg)
    if not levels:
        msg = f"nothing says who did it: name the column of at least one of {', '.join(LEVELS)}, e.g. account=…"
        raise ConfigError(msg)


def _events(raw: pl.LazyFrame, wanted: Mapping[str, str | None], properties: str | Sequence[str]) -> pl.LazyFrame:
    """Put a table of events into the columns of `EVENTS`."""
    schema = raw.collect_schema()
    given = {name: pl.col(column).cast(EVENTS[name]) for name, column in wanted.items() if column and name != "at"}
    given["at"] = _time(wanted["at"] or "at", schema)
    given["count"] = given["count"].fill_null(1) if "count" in given else pl.lit(1, pl.Int64)
    given["strict"] = given["person_strict"] = pl.lit(value=True)
    if properties:
        given["properties"] = _properties(properties, schema)
    return raw.select(given.get(name, pl.lit(None, dtype)).alias(name) for name, dtype in EVENTS.items())


def _time(column: str, schema: pl.Schema) -> pl.Expr:
    """A column as a time; where it is one already no plan is interrupted by Python."""
    dtype = schema[column]
    if dtype == _TIME:
        return pl.col(column)
    if isinstance(dtype, pl.Datetime):
        zoned = pl.col(column) if dtype.time_zone else pl.col(column).dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone("UTC").cast(_TIME)
    return pl.col(column).map_batches(lambda raw: parse_column(raw, "UTC"), return_dtype=_TIME)


def _properties(properties: str | Sequence[str], schema: pl.Schema) -> pl.Expr:
    if isinstance(properties, str) and not isinstance(schema[properties], pl.Struct):
        return pl.col(properties).cast(pl.String)
    column = pl.col(properties) if isinstance(properties, str) else pl.struct(properties)
    return column.struct.json_encode()


def _once(events: pl.LazyFrame, *, named: bool) -> pl.LazyFrame:
    """Keep the earliest row of each event id; where none recurs the plan stays as it is."""
    if not named:
        return events
    recurs = pl.col("event_id").is_not_null() & pl.col("event_id").is_duplicated()
    if not events.select(recurs.any()).collect().item():
        return events
    unnamed = events.filter(pl.col("event_id").is_null())
    ordered = events.filter(pl.col("event_id").is_not_null()).sort("event_id", "at", *sorted(EVENTS), nulls_last=True)
    return pl.concat([ordered.unique("event_id", keep="first", maintain_order=True), unnamed])


def _refused(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Count the rows of a table that are no events: the columns of `REFUSED`."""
    named = pl.col("event_id").drop_nulls()
    counted = rows.select(repeated=named.len() - named.n_unique(), no_time=pl.col("at").is_null().sum())
    return counted.unpivot(variable_name="reason", value_name="number").cast(pl.Schema(REFUSED))


def _facts(facts: pl.LazyFrame | None) -> pl.LazyFrame:
    if facts is None:
        return pl.LazyFrame(schema=FACTS)
    schema = facts.collect_schema()
    if missing := [column for column in FACTS if column not in schema and column != "at"]:
        msg = f"the facts have no column {', '.join(map(repr, missing))}; they need {', '.join(FACTS)}"
        raise ConfigError(msg)
    at = _time("at", schema) if "at" in schema else pl.lit(None, _TIME)
    return facts.select(*(pl.col(name).cast(dtype) for name, dtype in FACTS.items() if name != "at"), at.alias("at"))


def _entities(events: pl.LazyFrame, facts: pl.LazyFrame) -> pl.LazyFrame:
    """Everyone who did something, or about whom something is known."""
    above = {"person": "account", "tenant": "account", "account": "parent"}
    acted = [
        events.filter(pl.col(id_of(level)).is_not_null())
        .group_by(pl.col(id_of(level)).alias("entity_id"))
        .agg(parent=pl.col(id_of(above[level])).sort_by("at").drop_nulls().last() if level in above else pl.lit(None))
        .select(pl.lit(level).alias("level"), "entity_id", pl.col("parent").cast(pl.String))
        for level in LEVELS
    ]
    known = facts.select("level", "entity_id", pl.lit(None, pl.String).alias("parent"))
    everyone = pl.concat([*acted, known]).group_by("level", "entity_id").agg(pl.col("parent").max())
    unknown = pl.lit(None, pl.String)
    return everyone.with_columns(name=unknown, crm_id=unknown, since=pl.lit(None, _TIME))
