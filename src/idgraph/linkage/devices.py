"""Devices that several users hold: whose an anonymous record on one of them is, told by when each was seen there.

A device as such joins nobody then. But what was left on it between two sightings of one user, with nobody else seen in
between, is that user's. Amplitude gives a device's anonymous events to its users in this way ("Track unique users");
where it takes the last known user for whatever comes after, this does so only within a session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.linkage.rules import DEVICE_RULE
from idgraph.schema import TEXT, TIME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.config import IdentifierType
    from idgraph.engines import Engine

__all__ = ["SAYS_NOTHING", "Holders", "by_time", "links_by_time", "people_on", "when_seen"]

# Reasons for which a value says nothing of who holds it; other suppressed values are still somebody's.
SAYS_NOTHING: Final = ("null_like", "placeholder")
SESSION: Final = timedelta(minutes=30)
_USER: Final = 2
_PERSON: Final = 1
_SIGHTING: Final = ("time", "record", "kind", "group", "role", "run", "contested", "times")


@dataclass(frozen=True)
class Holders:
    """The holders of shared devices of one type.

    Attributes:
        described: the type.
        rules: its rules, with the kinds that each joins; see `idgraph.linkage.rules.rules_of`.
        rows: node (which device), value, record, kind, observed_at, observed_basis.
    """

    described: IdentifierType
    rules: Mapping[str, tuple[str, ...]]
    rows: nw.LazyFrame


def links_by_time(
    holders: Sequence[Holders], records: nw.LazyFrame, people: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    """Link anonymous records to the user whose device it was at their time.

    Args:
        holders: of each type with shared devices.
        records: record, first_seen, last_seen.
        people: see `people_on`.
        engine: what runs it.

    Returns:
        left (anonymous), right (a sighting of the user), and the columns of the frame `links` from rule on. Records
        that are one by other evidence go to one user or to none, so that no two users are joined.
    """
    found = nw.concat([_proposed(part, records, people, engine) for part in holders])
    told = engine.with_totals(found, ["group"], first=nw.col("person").min(), last=nw.col("person").max())
    sure = told.filter(nw.col("first") == nw.col("last"))
    none = nw.lit(None).cast(TEXT)
    return engine.checkpoint(
        sure.select(
            "left",
            "right",
            nw.lit(DEVICE_RULE).alias("rule"),
            "weight",
            nw.lit(value=False).alias("strict"),
            nw.col("value").alias("evidence"),
            "observed_at",
            nw.lit("used").alias("state"),
            none.alias("reason"),
        )
    )


def _proposed(holders: Holders, records: nw.LazyFrame, people: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Ask the devices of one type: left, right, group, person, value, observed_at, weight."""
    rows = holders.rows.with_columns(nw.col("kind").cast(TEXT), nw.col("observed_basis").cast(TEXT))
    seen = rows.join(records.select("record", "first_seen", "last_seen"), on="record").join(people, on="record")
    number = seen.collect_schema()["record"]
    schema = {
        **dict.fromkeys(("left", "right", "group", "person"), number),
        **dict.fromkeys(("left_kind", "right_kind", "value"), TEXT),
        "observed_at": TIME,
    }
    pairs = engine.map_groups(seen, "node", by_time, schema)
    allowed = [
        nw.col("left_kind").is_in(list(kinds)) & nw.col("right_kind").is_in(list(kinds))
        for kinds in holders.rules.values()
    ]
    may_meet = pairs.filter(nw.any_horizontal(*allowed, ignore_nulls=False))
    return may_meet.drop("left_kind", "right_kind").with_columns(nw.lit(holders.described.weight).alias("weight"))


def people_on(
    holders: Sequence[Holders],
    known: nw.LazyFrame,
    identified: nw.LazyFrame,
    users: nw.LazyFrame,
    engine: Engine,
) -> nw.LazyFrame:
    """Tell who the holders of shared devices are by everything but those devices.

    Args:
        holders: of each type with shared devices.
        known: node, component: records that evidence joins; those without any are absent.
        identified: record: those that hold an id, an address or a name.
        users: record: those that are users of the product.
        engine: what runs it.

    Returns:
        record, group (records that are one), role: 2 where one of the group is a user, 1 where one is identified, 0
        where all are anonymous.
    """
    asked = nw.concat([part.rows.select("record") for part in holders]).unique("record")
    found = engine.lookup(asked, "record", known, "node", {"group": "component"})
    placed = engine.checkpoint(found.with_columns(nw.coalesce("group", "record").alias("group")))
    groups = placed.select("group").unique("group")
    joined = known.join(groups, left_on="component", right_on="group", how="semi")
    joined = joined.select(nw.col("node").alias("record"), nw.col("component").alias("group"))
    inside = engine.checkpoint(nw.concat([placed.select("record", "group"), joined]).unique("record"))
    told = [
        inside.join(those.select("record"), on="record", how="semi").select("group", nw.lit(role).alias("role"))
        for those, role in ((identified, _PERSON), (users, _USER))
    ]
    roles = nw.concat(told).group_by("group").agg(nw.col("role").max())
    held = placed.join(roles, on="group", how="left")
    return engine.checkpoint(held.with_columns(nw.col("role").fill_null(0)))


def when_seen() -> tuple[pl.Expr, pl.Expr]:
    """Say from when until when a record is known to have held a device; null where that is not known.

    An event table's record was there from its first event to its last. A row that was changed since it was created
    tells that it had the device by then, but not when.

    Returns:
        Expressions over observed_at, observed_basis, first_seen, last_seen.
    """
    vague = pl.col("observed_basis").is_in(["updated", "unknown"]).fill_null(value=False)
    known = ~vague | (pl.col("observed_at") == pl.col("first_seen"))
    start = pl.when(known).then("observed_at")
    spanning = (pl.col("observed_basis") == "event") & (pl.col("last_seen") > pl.col("observed_at"))
    return start, pl.when(spanning).then("last_seen").otherwise(start)


def by_time(rows: pl.DataFrame) -> pl.DataFrame:
    """Give the anonymous records on shared devices to users who alone can have left them: a kernel of whole devices.

    The times of people's first and last events on a device are its *sightings*. A *stretch* is a run of sightings of
    one person with nobody else seen from the first to the last of them. A record is a user's if it lies, from its first
    event to its last, strictly between two sightings of one stretch of theirs; or before the device's first sighting,
    and its next is theirs; or after the last one by no more than a session. A user seen only once on a device gets
    nothing: a wrong value looks like that. What several people can have left, and what has no time, is nobody's; and so
    is all on a device that somebody held at no known time.

    Args:
        rows: node, value, record, kind, group, role (see `people_on`), observed_at, observed_basis, first_seen,
            last_seen; all holders of a device.

    Returns:
        left (the anonymous record), left_kind, right, right_kind (the nearer of the user's sightings around it, of two
        as near the smaller record), group, person (their groups), value, observed_at (when that was clear).
    """
    start, end = when_seen()
    seen = rows.with_columns(start=start, end=end)
    people = seen.filter(pl.col("role") > 0)
    undated = people.group_by("node", "group").agg(pl.col("start").count()).filter(pl.col("start") == 0)
    anonymous = seen.filter((pl.col("role") == 0) & pl.col("start").is_not_null())
    anonymous = anonymous.join(undated, on="node", how="anti")
    marks = _stretches(people.filter(pl.col("start").is_not_null()))
    found = _around(anonymous, marks).filter(
        (pl.col("before_run") == pl.col("after_run"))
        & ~pl.col("before_contested")
        & (pl.col("before_role") == _USER)
        & (pl.col("before_times") > 1)
        & (pl.col("end") <= pl.col("after_time") + SESSION)
    )
    return _nearer(found)


def _stretches(people: pl.DataFrame) -> pl.DataFrame:
    """Put the sightings of people into their order, and number the stretches.

    Returns:
        node, place, time, record, kind, group, role, run (the stretch), contested (whether somebody else was seen at
        the same instant), times (at how many the person was seen on the device), in order of node and time.
    """
    ends = [
        people.select("node", "group", "role", "record", "kind", time=time, open=pl.lit(step))
        for time, step in (("start", 1), ("end", -1))
    ]
    # Of one person's records at one instant the smallest stands for all.
    marks = (
        pl.concat(ends)
        .sort("node", "time", "group", "record")
        .group_by("node", "time", "group", maintain_order=True)
        .agg(pl.col("role", "record", "kind").first(), pl.col("open").sum())
    )
    others = pl.col("open").cum_sum().over("node") - pl.col("open").cum_sum().over("node", "group")
    marks = marks.with_columns(
        contested=pl.len().over("node", "time") > 1, times=pl.len().over("node", "group"), others=others
    )
    previous = pl.col("group", "contested", "others").shift(1).over("node").name.prefix("previous_")
    goes_on = (
        (pl.col("group") == pl.col("previous_group"))
        & ~(pl.col("contested") | pl.col("previous_contested"))
        & (pl.col("previous_others") == 0)
    ).fill_null(value=False)
    return marks.with_columns(previous).with_columns(run=(~goes_on).cum_sum()).with_row_index("place")


def _around(anonymous: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    """Find the last sighting before each record and the first after it; where there is none, the device's own ends."""
    places = marks.select("node", "time", "place").sort("time")
    ends = places.group_by("node").agg(first=pl.col("place").min(), last=pl.col("place").max())
    found = anonymous.join(ends, on="node").sort("start")
    found = _with_sighting(found, places, marks, "before", "start", "backward").sort("end")
    return _with_sighting(found, places, marks, "after", "end", "forward")


def _with_sighting(
    found: pl.DataFrame,
    places: pl.DataFrame,
    marks: pl.DataFrame,
    name: str,
    edge: str,
    strategy: Literal["backward", "forward"],
) -> pl.DataFrame:
    """Add the sighting next to one edge of each record, under columns that begin with a name."""
    placed = found.join_asof(
        places.select("node", pl.col("time").alias("at"), pl.col("place").alias(name)),
        left_on=edge,
        right_on="at",
        by="node",
        strategy=strategy,
        allow_exact_matches=False,
        check_sortedness=False,  # both are sorted; with groups Polars cannot tell
    ).drop("at")
    at_end = "first" if strategy == "backward" else "last"
    sighting = marks.select(pl.col("place").alias(name), pl.col(*_SIGHTING).name.prefix(f"{name}_"))
    return placed.with_columns(pl.coalesce(name, at_end)).join(sighting, on=name)


def _nearer(found: pl.DataFrame) -> pl.DataFrame:
    """Take the nearer of the two sightings around each record, of two as near the smaller record."""
    far = {
        name: pl.max_horizontal(pl.col("start") - pl.col(f"{name}_time"), pl.col(f"{name}_time") - pl.col("end"))
        for name in ("before", "after")
    }
    smaller = pl.col("after_record") < pl.col("before_record")
    later = (far["after"] < far["before"]) | ((far["after"] == far["before"]) & smaller)
    right = {name: pl.when(later).then(f"after_{name}").otherwise(f"before_{name}") for name in ("record", "kind")}
    return found.select(
        pl.col("record").alias("left"),
        pl.col("kind").alias("left_kind"),
        right["record"].alias("right"),
        right["kind"].alias("right_kind"),
        "group",
        pl.col("before_group").alias("person"),
        "value",
        pl.max_horizontal("end", "after_time").alias("observed_at"),
    )
