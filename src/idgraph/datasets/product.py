"""The product's own database: users, their devices, and the workspaces they open for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from idgraph.datasets.draw import chance, hexes, later, numbered, order_within, stamp, uuids, when

if TYPE_CHECKING:
    from idgraph.datasets.draw import Rng
    from idgraph.datasets.rates import Rates

__all__ = [
    "USER_COLUMNS",
    "add_kiosks",
    "app_users",
    "make_devices",
    "make_visitors",
    "sign_up_at_kiosks",
    "workspaces",
]

USER_COLUMNS = ("user_id", "email", "name", "tenant_id", "signup_visitor_id", "created_at", "last_seen_at")
"""What the product's table of users holds."""


def make_visitors(rng: Rng, people: pl.DataFrame) -> pl.DataFrame:
    """Devices of people who never say who they are: one for every four known people."""
    size = people.height // 4
    touched = rng.integers(int(people["touched"].min() or 0), int(people["touched"].max() or 1) + 1, size)  # type: ignore[arg-type]
    return pl.DataFrame({"_entity": numbered("vis_", size), "touched": pl.Series(touched)})


def make_devices(rng: Rng, people: pl.DataFrame) -> pl.DataFrame:
    """One row a browser or phone.

    Returns:
        person, _entity, _script, number (0 for a person's first), touched (seconds), anonymous_id (the site's cookie),
        hubspotutk (HubSpot's cookie), device_id and anonymous_amplitude_id (what Amplitude calls it before a login),
        and the flags identified (a login on it was told to Segment) and aliased (an alias call joined it to its user).
    """
    rows = people[np.repeat(np.arange(people.height), people["devices"].to_numpy())]
    size = rows.height
    number = order_within(rows["person"])
    last = number == rows["devices"] - 1
    aliased = rows["alias"] & last
    return pl.DataFrame(
        {
            "person": rows["person"],
            "_entity": rows["_entity"],
            "_script": rows["script"],
            "number": number,
            "touched": rows["touched"],
            "anonymous_id": uuids(rng, size),
            "hubspotutk": hexes(rng, size),
            "device_id": uuids(rng, size) + "R",
            "anonymous_amplitude_id": pl.Series(75_000_000_000 + 7 * np.arange(size)),
            "identified": rows["identified"] & ~aliased & pl.Series(chance(rng, size, 0.9)),
            "aliased": aliased,
        }
    )


def workspaces(rng: Rng, people: pl.DataFrame, tenants: pl.DataFrame) -> pl.DataFrame:
    """Tenants of one: private workspaces, each an entity of its own, opened with a private address."""
    owners = people.filter("app", "private", "workspace", pl.col("client") < 0)
    size = owners.height
    first = owners["nick"].fill_null(owners["given"])
    return pl.DataFrame(
        {
            "tenant_id": numbered("t_", size, tenants.height + 1),
            "name": when(chance(rng, size, 0.6), "My workspace", first + "'s workspace"),
            "domain": pl.Series([None], dtype=pl.String).new_from_index(0, size),
            "salesforce_account_id": pl.Series([None], dtype=pl.String).new_from_index(0, size),
            "plan": when(chance(rng, size, 0.85), "free", "trial"),
            "created_at": stamp(later(rng, owners["touched"], 3)),
            "_company": pl.Series([-1], dtype=pl.Int64).new_from_index(0, size),
            "_entity": numbered("wsp_", size),
            "_script": pl.Series([None], dtype=pl.String).new_from_index(0, size),
            "_person": owners["person"],
        }
    )


def _tenant_of(rng: Rng, users: pl.DataFrame, tenants: pl.DataFrame, own: pl.DataFrame) -> pl.Series:
    """The tenant that a user works in: an own workspace, the client's, the firm's (mostly its first), or none."""
    place = (
        pl.select(pl.when(users["client"] >= 0).then(users["client"]).otherwise(users["company"]))
        .to_series()
        .alias("company")
    )
    ids = tenants.group_by("_company", maintain_order=True).agg("tenant_id").rename({"_company": "company"})
    lists = place.to_frame().join(ids, on="company", how="left", maintain_order="left")["tenant_id"]
    count = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    at = np.where(
        chance(rng, users.height, 0.65), 0, (rng.random(users.height) * np.maximum(count, 1)).astype(np.int64)
    )
    firm = lists.list.get(pl.Series(at), null_on_oob=True)
    private = users.select("person").join(
        own.select("tenant_id", person="_person"), on="person", how="left", maintain_order="left"
    )["tenant_id"]
    return private.fill_null(firm)


def app_users(
    rng: Rng, people: pl.DataFrame, devices: pl.DataFrame, tenants: pl.DataFrame, own: pl.DataFrame
) -> pl.DataFrame:
    """The product's user rows, with _entity, _script and what their clicks are made from beside the exported columns.

    Three in a hundred signed up twice with one address.
    """
    members = people.filter("app")
    twice = members.filter("twice")
    users = pl.concat([members, twice])
    size = users.height
    again = pl.Series(np.arange(size) >= members.height)
    cookie = devices.filter(pl.col("number") == 0).select("person", "anonymous_id")
    first = users.select("person").join(cookie, on="person", how="left", maintain_order="left")["anonymous_id"]
    full = users["given"] + " " + users["family"]
    draw = rng.random(size)
    name = when(draw < 0.12, users["nick"].fill_null(users["given"]) + " " + users["family"], full)
    name = when((draw >= 0.12) & (draw < 0.20), users["given_ascii"] + " " + users["family_ascii"], name)
    name = when((draw >= 0.20) & (draw < 0.25), users["given"].str.to_lowercase(), name)
    name = when((draw >= 0.25) & (draw < 0.45), users["own_script"].fill_null(name), name)
    name = when((draw >= 0.45) & (draw < 0.50), None, name)
    mail = when(users["private"], users["private_email"], users["work_email"])
    signed = later(rng, users["touched"], 12)
    return pl.DataFrame(
        {
            "user_id": numbered("u_", size, 1001),
            "email": mail,
            "name": name,
            "tenant_id": _tenant_of(rng, users, tenants, own),
            "signup_visitor_id": when(users["cookie"] & ~again, first, None),
            "created_at": stamp(signed),
            "last_seen_at": stamp(later(rng, signed, 90)),
            "person": users["person"],
            "_entity": users["_entity"],
            "_script": users["script"],
            "touched": signed,
            "amplitude_id": pl.Series(75_900_000_003 + 11 * np.arange(size)),
            "clicks": users["clicks"],
            "company": users["company"],
            "identified": users["identified"],
            "alias": users["alias"],
            "again": again,
        }
    )


def add_kiosks(rng: Rng, users: pl.DataFrame, rates: Rates) -> pl.DataFrame:
    """Devices that several users log in on: an office kiosk, a support agent's computer.

    Returns:
        A row for each user of a kiosk: user_id, _entity, email, amplitude_id, kiosk (number), anonymous_id, device_id,
        touched.
    """
    usable = users.filter(pl.col("identified") & pl.col("_script").is_null())
    firms = usable.group_by("company", maintain_order=True).len().filter(pl.col("len") >= 3)["company"]
    office = firms.filter(pl.Series(chance(rng, len(firms), rates.kiosk)))
    if office.is_empty():
        office = firms.head(1)
    at_office = usable.filter(pl.col("company").is_in(office.implode()))
    at_office = at_office.filter(pl.Series(chance(rng, at_office.height, 0.85))).with_columns(kiosk=pl.col("company"))
    agents = max(1, round(rates.support * (int(users["company"].max() or 0) + 1)))  # type: ignore[arg-type]
    agent = np.repeat(np.arange(agents), 12)
    helped = usable[rng.integers(0, max(usable.height, 1), len(agent)) if usable.height else []]
    helped = helped.with_columns(kiosk=pl.Series(-1 - agent[: helped.height]))
    rows = pl.concat([at_office, helped])
    kiosks = rows["kiosk"].unique(maintain_order=True)
    ids = pl.DataFrame(
        {"kiosk": kiosks, "anonymous_id": uuids(rng, len(kiosks)), "device_id": uuids(rng, len(kiosks)) + "R"}
    )
    one_amplitude = pl.DataFrame({"kiosk": kiosks, "shared": chance(rng, len(kiosks), 0.2)})
    joined = rows.join(ids, on="kiosk", how="left", maintain_order="left").join(
        one_amplitude, on="kiosk", how="left", maintain_order="left"
    )
    amplitude = pl.when("shared").then(pl.col("amplitude_id").first().over("kiosk")).otherwise("amplitude_id")
    return joined.select(
        "user_id", "_entity", "email", "kiosk", "anonymous_id", "device_id", "touched", amplitude_id=amplitude
    )


def sign_up_at_kiosks(rng: Rng, users: pl.DataFrame, kiosks: pl.DataFrame) -> pl.DataFrame:
    """Let a quarter of the kiosk users have signed up there: the product's database holds the shared cookie too."""
    there = kiosks.filter(pl.Series(chance(rng, kiosks.height, 0.25)) & (pl.col("kiosk") >= 0)).unique(
        "user_id", maintain_order=True
    )
    found = users.join(there.select("user_id", _kiosk="anonymous_id"), on="user_id", how="left", maintain_order="left")
    return found.with_columns(signup_visitor_id=pl.coalesce("_kiosk", "signup_visitor_id")).drop("_kiosk")
