"""What the companies of a world did in the product, and which of them bought: with planted causes and decoys.

Two things make a company ready to buy, and cause most of the purchases: its team has made three projects and invited
two people within a week of its first sign-up (`aha`), or its files fill four fifths of what its plan holds (`quota`).
What looks like a cause and is none: the billing page, which is seen after the purchase; the blog, which most read,
buyers or not; and contacts whom reps type in on the day the deal opens, so that today's graph knows more of buyers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from idgraph.datasets.draw import END, chance, choose, hexes, numbered, pick, salesforce_ids, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from idgraph.datasets.draw import Ints, Rng

__all__ = ["CARD", "Usage", "make_usage"]

CARD: Final = Path(__file__).with_name("pql.yaml")  # a scorecard that asks for what makes them ready
_DAY: Final = 86_400
_LIMIT: Final = 10_000  # megabytes that a free plan holds
_CAUSES: Final = {"aha": 0.25, "quota": 0.15, "none": 0.6}
_BUYS: Final = {"aha": 0.55, "quota": 0.5, "none": 0.04}
_ISO: Final = "%Y-%m-%dT%H:%M:%S%.3f+0000"
_NOISE: Final = ("report_viewed", "dashboard_shared", "comment_added", "export_downloaded")
_TOPICS: Final = ("basics", "basics", "bug", "integration", "account")
_EVENT: Final = ("company", "event", "at", "properties")


@dataclass(frozen=True)
class Usage:
    """What was made.

    Attributes:
        tables: app_events, app_subscriptions, support_tickets, salesforce_opportunities.
        contacts: rows that reps added to salesforce_contacts as deals opened, and their _entity.
        truth: company_id; cause (planted: aha, quota or none); ready_by and ready_at: what the company truly did, and
            when; signed_up_at, deal_at, bought_at, lost_at: times, null where that did not happen.
    """

    tables: dict[str, pl.DataFrame]
    contacts: pl.DataFrame
    truth: pl.DataFrame


def make_usage(
    rng: Rng, tables: Mapping[str, pl.DataFrame], people_truth: pl.DataFrame, company_truth: pl.DataFrame
) -> Usage:
    """Make the events, plans, tickets and deals of a world's companies.

    Args:
        rng: draws nothing that other tables of the world rest on.
        tables: of the world: app_users, app_tenants, salesforce_accounts, salesforce_contacts.
        people_truth: record_id, entity_id of people.
        company_truth: record_id, entity_id of companies.
    """
    users = _users(tables, company_truth)
    firms = _firms(rng, users, tables, company_truth)
    events = _in_world(_signed_up(users), _worked(rng, firms))
    known = firms.join(_ready(events, firms), on="company", how="left", maintain_order="left")
    known = _outcomes(rng, known)
    events = _in_world(events, _decoys(rng, known))
    named = _by_somebody(rng, events, users)
    return Usage(
        tables={
            "app_events": _app_events(rng, named),
            "app_subscriptions": _subscriptions(known, users),
            "support_tickets": _tickets(rng, known, users),
            "salesforce_opportunities": _opportunities(rng, known),
        },
        contacts=_typed_in(known, users, tables, people_truth),
        truth=_truth(known),
    )


# Who


def _users(tables: Mapping[str, pl.DataFrame], company_truth: pl.DataFrame) -> pl.DataFrame:
    """The users of companies' tenants: user_id, email, name, tenant_id, company, since (seconds from 1970)."""
    opened = tables["app_tenants"].select("tenant_id", opened=pl.col("created_at").dt.epoch("s"))
    tenants = company_truth.filter(pl.col("record_id").str.starts_with("app_tenants:"))
    tenants = tenants.select(
        pl.col("record_id").str.strip_prefix("app_tenants:").alias("tenant_id"), company="entity_id"
    )
    users = tables["app_users"].join(tenants, on="tenant_id", maintain_order="left")
    users = users.join(opened.unique("tenant_id", keep="first"), on="tenant_id", maintain_order="left")
    users = users.filter(pl.col("company").str.starts_with("cmp_")).unique("user_id", keep="first", maintain_order=True)
    since = pl.max_horizontal(pl.col("created_at").dt.epoch("s"), "opened")
    return users.select("user_id", "email", "name", "tenant_id", "company", since=since)


def _firms(
    rng: Rng, users: pl.DataFrame, tables: Mapping[str, pl.DataFrame], company_truth: pl.DataFrame
) -> pl.DataFrame:
    """The companies with users: company, signed_up, account (its first in Salesforce), known (since when), cause."""
    accounts = (
        tables["salesforce_accounts"]
        .filter(~pl.col("IsDeleted"))
        .select(
            pl.format("salesforce_accounts:{}", "Id").alias("record_id"),
            account="Id",
            known=pl.col("CreatedDate").str.to_datetime(_ISO, time_unit="us").dt.epoch("s"),
        )
    )
    known = company_truth.join(accounts, on="record_id", maintain_order="left").sort("known", "account")
    known = known.group_by("entity_id", maintain_order=True).agg(pl.col("account", "known").first())
    firms = users.group_by("company", maintain_order=True).agg(signed_up=pl.col("since").min())
    firms = firms.join(known, left_on="company", right_on="entity_id", how="left", maintain_order="left")
    return firms.sort("company").with_columns(cause=choose(rng, _CAUSES, firms.height))


# What they did


def _events(
    rng: Rng, firms: pl.DataFrame, event: str, counts: Ints, days: tuple[float, float], since: str = "signed_up"
) -> pl.DataFrame:
    """So many events of each company, evenly spread over some days after a time that it has."""
    rows = firms[np.repeat(np.arange(firms.height), counts)].filter(pl.col(since).is_not_null())
    gap = pl.Series((rng.uniform(*days, rows.height) * _DAY).astype(np.int64))
    nothing = pl.lit(None, dtype=pl.String)
    return rows.select(
        "company", pl.lit(event).alias("event"), (rows[since] + gap).alias("at"), nothing.alias("properties")
    )


def _in_world(*frames: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame.select(_EVENT) for frame in frames]).filter(pl.col("at") <= END)


def _signed_up(users: pl.DataFrame) -> pl.DataFrame:
    return users.select("company", pl.lit("signed_up").alias("event"), at="since", properties=pl.lit(None, pl.String))


def _worked(rng: Rng, firms: pl.DataFrame) -> pl.DataFrame:
    """What leads to readiness, what nearly does, and what has nothing to do with it."""
    size = firms.height
    is_aha, is_quota = ((firms["cause"] == cause).to_numpy() for cause in ("aha", "quota"))
    near = chance(rng, size, 0.5) & ~is_aha
    invited = _events(rng, firms, "member_invited", is_aha * rng.integers(2, 5, size) + near, (0.1, 6))
    frames = [
        _events(rng, firms, "project_created", is_aha * rng.integers(3, 6, size) + near * 2, (0.05, 5)),
        _events(rng, firms, "project_created", near * rng.integers(1, 4, size), (20, 60)),
        invited.with_columns(properties=_said("invitee", numbered("guest", invited.height) + "@example.com")),
        _events(rng, firms, "blog_read", chance(rng, size, 0.6) * 2, (-3, 40)),
    ]
    frames += [_events(rng, firms, noise, rng.poisson(4, size), (0.01, 90)) for noise in _NOISE]
    return pl.concat([*frames, _uploads(rng, firms, is_quota)])


def _uploads(rng: Rng, firms: pl.DataFrame, fills: npt.NDArray[np.bool_]) -> pl.DataFrame:
    """Files of some hundred megabytes: those who fill their plan go on until it is full, others stop well before."""
    rows = _events(rng, firms, "file_uploaded", np.where(fills, 24, rng.integers(0, 9, firms.height)), (1, 45))
    return rows.with_columns(properties=_said("megabytes", pl.Series(rng.integers(300, 501, rows.height))))


def _said(name: str, values: pl.Series) -> pl.Series:
    """One property of each event, as JSON."""
    return values.alias(name).to_frame().select(pl.struct(name).struct.json_encode()).to_series()


def _ready(events: pl.DataFrame, firms: pl.DataFrame) -> pl.DataFrame:
    """When each company truly was ready, by what it did: company, ready, ready_by."""
    dated = events.join(firms.select("company", "signed_up"), on="company").sort("at")
    week = dated.filter(pl.col("at").is_between(pl.col("signed_up"), pl.col("signed_up") + 7 * _DAY))
    third = (
        week.filter(pl.col("event") == "project_created").group_by("company").agg(pl.col("at").get(2, null_on_oob=True))
    )
    second = (
        week.filter(pl.col("event") == "member_invited").group_by("company").agg(pl.col("at").get(1, null_on_oob=True))
    )
    both = third.join(second, on="company").drop_nulls()
    aha = both.select("company", ready=pl.max_horizontal("at", "at_right"), ready_by=pl.lit("aha"))
    files = dated.filter(pl.col("event") == "file_uploaded")
    held = files.with_columns(
        held=pl.col("properties").str.json_path_match("$.megabytes").cast(pl.Int64).cum_sum().over("company")
    )
    full = held.filter(pl.col("held") >= 0.8 * _LIMIT).group_by("company").agg(ready=pl.col("at").min())
    quota = full.select("company", "ready", ready_by=pl.lit("quota"))
    return pl.concat([aha, quota]).sort("ready", "ready_by").unique("company", keep="first", maintain_order=True)


def _outcomes(rng: Rng, firms: pl.DataFrame) -> pl.DataFrame:
    """Add deal, bought and lost (seconds, null where it did not happen by the end of the world)."""
    size = firms.height
    shares = firms["ready_by"].fill_null("none").replace_strict(_BUYS, return_dtype=pl.Float64).to_numpy()
    buys, tries = chance(rng, size, shares), chance(rng, size, 0.08)
    start = firms["ready"].fill_null(firms["signed_up"] + 20 * _DAY)
    done = start + pl.Series(rng.integers(12 * _DAY, 40 * _DAY, size))
    opened = done - pl.Series(rng.integers(4 * _DAY, 11 * _DAY, size))
    told = firms.with_columns(deal=opened, bought=done, lost=done)
    there = pl.col("known") <= pl.col("deal")  # who is in no CRM by then buys by credit card
    return told.with_columns(
        deal=pl.when(pl.Series(buys | tries) & there & (pl.col("deal") <= END)).then("deal"),
        bought=pl.when(pl.Series(buys) & (pl.col("bought") <= END)).then("bought"),
        lost=pl.when(pl.Series(tries & ~buys) & there & (pl.col("lost") <= END)).then("lost"),
    )


def _decoys(rng: Rng, firms: pl.DataFrame) -> pl.DataFrame:
    """The billing page: of those who have bought, and of a few others."""
    after = _events(rng, firms, "billing_page_viewed", chance(rng, firms.height, 0.9) * 3, (0.5, 20), since="bought")
    return pl.concat([after, _events(rng, firms, "billing_page_viewed", 1 * chance(rng, firms.height, 0.05), (1, 60))])


# The tables


def _by_somebody(rng: Rng, events: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """Give each event to a user of its company who had signed up by then, or else to the first: user_id, tenant_id."""
    rows = events.with_row_index("place")
    pairs = rows.select("place", "company", "at", "event").join(users, on="company", maintain_order="left")
    itself = (pl.col("event") != "signed_up") | (pl.col("since") == pl.col("at"))
    pairs = pairs.with_columns(late=pl.col("since") > pl.col("at"), draw=pl.Series(rng.random(pairs.height)))
    chosen = pairs.filter(itself).with_columns(order=pl.when("late").then(pl.col("since")).otherwise(0))
    chosen = chosen.sort("place", "order", "draw").unique("place", keep="first", maintain_order=True)
    return rows.join(chosen.select("place", "user_id", "tenant_id"), on="place", maintain_order="left").drop("place")


def _app_events(rng: Rng, events: pl.DataFrame) -> pl.DataFrame:
    """The product's log, as it is: in no order, some rows twice, some of users nobody knows, a few from the future."""
    size = events.height
    rows = events.with_columns(
        event_id="e-" + hexes(rng, size, 16), session_id=pl.format("{}-{}", "user_id", pl.col("at") // (_DAY // 2))
    )
    twice = rows.filter(pl.Series(chance(rng, size, 0.01)))
    ghosts = rows.filter(pl.Series(chance(rng, size, 0.005)))
    ghosts = ghosts.with_columns(
        user_id=numbered("u_gone_", ghosts.height), event_id="e-" + hexes(rng, ghosts.height, 16)
    )
    ahead = rows.head(2).with_columns(at=pl.col("at") + 3650 * _DAY, event_id="e-" + hexes(rng, min(2, size), 16))
    every = pl.concat([rows, twice, ghosts.with_columns(tenant_id=pl.lit(None, pl.String)), ahead])
    every = every[rng.permutation(every.height)]
    return every.select(
        "event_id", "user_id", "tenant_id", "event", stamp(every["at"]).alias("occurred_at"), "session_id", "properties"
    )


def _subscriptions(firms: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """What each tenant may use from when on: the free plan from its first user, and a larger one once it is bought."""
    tenants = users.group_by("tenant_id", "company", maintain_order=True).agg(start=pl.col("since").min())
    known = tenants.join(firms.select("company", "bought"), on="company", maintain_order="left")
    free = known.with_columns(plan=pl.lit("free"), seats=5, storage_limit=_LIMIT, ended="bought")
    paid = known.filter(pl.col("bought").is_not_null()).with_columns(
        start="bought", plan=pl.lit("team"), seats=50, storage_limit=10 * _LIMIT, ended=pl.lit(None, pl.Int64)
    )
    rows = pl.concat([free, paid])
    return rows.select(
        numbered("sub_", rows.height).alias("subscription_id"),
        "tenant_id",
        "plan",
        "seats",
        "storage_limit",
        stamp(rows["start"]).alias("started_at"),
        stamp(rows["ended"]).alias("ended_at"),
    )


def _tickets(rng: Rng, firms: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """Questions about prices come before most purchases; those about basics from whoever is not ready."""
    buyers = _events(rng, firms, "pricing", 1 * chance(rng, firms.height, 0.6), (-12, -1), since="bought")
    unready = (1 * firms["ready"].is_null().to_numpy()) * rng.poisson(1.5, firms.height)
    others = _events(rng, firms, "basics", unready, (1, 60))
    others = others.with_columns(event=pick(rng, _TOPICS, others.height))
    rows = _by_somebody(rng, _in_world(buyers, others), users)
    rows = rows.join(users.select("user_id", "email"), on="user_id", maintain_order="left").sort("at", "user_id")
    return rows.select(
        numbered("", rows.height, 7001).alias("ticket_id"),
        "email",
        pl.col("event").alias("topic"),
        stamp(rows["at"]).alias("created_at"),
    )


def _opportunities(rng: Rng, firms: pl.DataFrame) -> pl.DataFrame:
    rows = firms.filter(pl.col("deal").is_not_null())
    closed = pl.coalesce("bought", "lost")
    hoped = pl.col("deal") + 60 * _DAY  # where the world ended before the deal
    rows = rows.with_columns(
        closed=closed, won=pl.col("bought").is_not_null(), amount=pl.Series(rng.integers(2, 60, rows.height))
    )
    stage = pl.when(pl.col("closed").is_null()).then(pl.lit("Negotiation")).when("won").then(pl.lit("Closed Won"))
    return rows.select(
        salesforce_ids("006", rows.height).alias("Id"),
        pl.col("account").alias("AccountId"),
        stage.otherwise(pl.lit("Closed Lost")).alias("StageName"),
        _day(pl.coalesce("closed", hoped)).alias("CloseDate"),
        pl.col("won").alias("IsWon"),
        pl.col("closed").is_not_null().alias("IsClosed"),
        (pl.col("amount") * 500).alias("Amount"),
        _iso(pl.col("deal")).alias("CreatedDate"),
        _iso(pl.coalesce("closed", "deal")).alias("LastModifiedDate"),
    ).sort("Id")


def _typed_in(
    firms: pl.DataFrame, users: pl.DataFrame, tables: Mapping[str, pl.DataFrame], people_truth: pl.DataFrame
) -> pl.DataFrame:
    """Contacts that reps typed in as a deal opened: up to three users of the company, and _entity."""
    opened = firms.filter(pl.col("bought").is_not_null() & pl.col("deal").is_not_null())
    rows = opened.select("company", "account", "deal").join(users, on="company", maintain_order="left")
    rows = rows.filter(
        pl.col("email").is_not_null() & pl.col("name").is_not_null() & (pl.col("since") < pl.col("deal"))
    )
    rows = rows.filter(pl.int_range(pl.len()).over("company") < 3)
    truth = people_truth.select("record_id", _entity="entity_id")
    rows = rows.with_columns(record_id=pl.format("app_users:{}", "user_id")).join(
        truth, on="record_id", maintain_order="left"
    )
    blank = {name: pl.lit(None, dtype) for name, dtype in tables["salesforce_contacts"].schema.items()}
    names = pl.col("name").str.splitn(" ", 2)
    filled: dict[str, pl.Expr | pl.Series] = {
        "Id": salesforce_ids("003", rows.height, start=9_000_000),
        "AccountId": pl.col("account"),
        "FirstName": names.struct.field("field_0"),
        "LastName": names.struct.field("field_1").fill_null("-"),
        "Email": pl.col("email"),
        "LeadSource": pl.lit("Rep"),
        "IsDeleted": pl.lit(value=False),
        "CreatedDate": _iso(pl.col("deal")),
        "LastModifiedDate": _iso(pl.col("deal")),
    }
    return rows.select(*(filled.get(name, value).alias(name) for name, value in blank.items()), "_entity")


def _truth(firms: pl.DataFrame) -> pl.DataFrame:
    times = ("signed_up", "ready", "deal", "bought", "lost")
    return firms.select(
        pl.col("company").alias("company_id"),
        "cause",
        "ready_by",
        *(stamp(firms[name]).dt.replace_time_zone("UTC").alias(f"{name}_at") for name in times),
    )


def _day(seconds: pl.Expr) -> pl.Expr:
    return pl.from_epoch(seconds).dt.strftime("%Y-%m-%d")


def _iso(seconds: pl.Expr) -> pl.Expr:
    return pl.from_epoch(seconds).dt.strftime(_ISO)
