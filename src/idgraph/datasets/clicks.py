"""What the clickstream tools saw: Segment's calls and Amplitude's events, before and after people said who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from idgraph.datasets.draw import chance, hexes, later, numbered, pick, stamp, uuids, when

if TYPE_CHECKING:
    from idgraph.datasets.draw import Rng
    from idgraph.datasets.rates import Rates

__all__ = ["amplitude_events", "segment_tables"]

_EVENTS = (
    "Report Viewed",
    "Project Created",
    "File Uploaded",
    "Comment Added",
    "Dashboard Shared",
    "Teammate Invited",
    "Integration Connected",
    "Export Downloaded",
    "Plan Limit Reached",
    "Billing Page Viewed",
)
_PATHS = (
    "/",
    "/pricing",
    "/features",
    "/blog/launch",
    "/docs",
    "/customers",
    "/signup",
    "/security",
    "/integrations",
    "/webinar",
)
_NONE = pl.lit(None, dtype=pl.String)


def _repeat(rng: Rng, frame: pl.DataFrame, mean: float, least: int = 0) -> pl.DataFrame:
    return frame[np.repeat(np.arange(frame.height), least + rng.poisson(mean, frame.height))]


def _logins(devices: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """Each device that its user logged in on, with that user's id and mail; a second sign-up uses the first of them."""
    known = devices.filter("identified").drop("_entity", "_script", "touched", "identified")
    first = users.filter(~pl.col("again"))
    both = known.join(first, on="person", maintain_order="left")
    second = known.filter(pl.int_range(pl.len()).over("person") == 0).join(
        users.filter("again"), on="person", maintain_order="left"
    )
    return pl.concat([both, second])


def _form_calls(rng: Rng, devices: pl.DataFrame, hubspot: pl.DataFrame) -> pl.DataFrame:
    """Identify calls of a filled form: the site's cookie with HubSpot's cookie, half of them with the mail typed in."""
    filled = hubspot.filter(pl.col("hubspotutk").is_not_null()).select("email", person="_person")
    calls = devices.filter(pl.col("number") == 0).join(filled, on="person", maintain_order="left")
    told = chance(rng, calls.height, 0.5) & calls["_script"].is_null().to_numpy()
    kept = pl.Series(chance(rng, calls.height, 0.75)) | calls["_script"].is_not_null()
    proper = calls["email"].str.contains("@").fill_null(value=False) & ~calls["email"].str.starts_with(
        "test@"
    ).fill_null(value=False)
    return calls.with_columns(user_id=_NONE, email=when(told & proper.to_numpy(), calls["email"], None)).filter(kept)


def _booth_calls(
    rng: Rng, people: pl.DataFrame, hubspot: pl.DataFrame, rates: Rates
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tablets at a trade-fair booth, on which a row of visitors fill one form under one pair of cookies.

    Returns:
        The identify calls, and for each HubSpot row touched its hs_object_id and the tablet's hubspotutk.
    """
    free = hubspot.filter(
        pl.col("hubspotutk").is_null() & pl.col("_script").is_null() & pl.col("hs_merged_object_ids").is_null()
    )
    tablets = max(1, round(rates.booth * people.height))
    sizes = rng.integers(rates.booth_people[0], rates.booth_people[1] + 1, tablets)
    tablet = np.repeat(np.arange(tablets), sizes)[: free.height]
    rows = free[rng.permutation(free.height)[: len(tablet)]]
    ids = pl.DataFrame({"anonymous_id": uuids(rng, tablets), "hubspotutk": hexes(rng, tablets)})[tablet]
    touched = pl.Series(rng.integers(1_740_000_000, 1_780_000_000, tablets)[tablet])
    mail = when(pl.Series([rates.booth_mail]).new_from_index(0, rows.height), rows["email"], None)
    calls = rows.select("_entity").with_columns(
        ids["anonymous_id"], ids["hubspotutk"], touched.alias("touched"), mail.alias("email"), user_id=_NONE
    )
    return calls, rows.select("hs_object_id").with_columns(ids["hubspotutk"])


def segment_tables(
    rng: Rng,
    people: pl.DataFrame,
    users: pl.DataFrame,
    devices: pl.DataFrame,
    visitors: pl.DataFrame,
    kiosks: pl.DataFrame,
    hubspot: pl.DataFrame,
    rates: Rates,
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Segment's warehouse tables, and the HubSpot cookies of booths.

    Each table has _entity and _script beside the exported columns.
    """
    logins = _logins(devices, users)
    strangers = visitors.with_columns(anonymous_id=uuids(rng, visitors.height), _script=_NONE)
    booth, cookies = _booth_calls(rng, people, hubspot, rates)
    alias, legacy = _aliases(rng, users, devices)
    tables = {
        "segment_identifies": _identifies(rng, logins, kiosks, _form_calls(rng, devices, hubspot), booth),
        "segment_pages": _pages(rng, devices, strangers, logins, kiosks, booth),
        "segment_tracks": _tracks(rng, users, logins, kiosks, strangers, legacy),
        "segment_users": _segment_users(rng, users),
        "segment_groups": _groups(rng, users, logins),
        "segment_aliases": alias,
    }
    return tables, cookies


def _message_ids(rng: Rng, size: int) -> pl.Series:
    return "ajs-" + hexes(rng, size)


def _stack(*frames: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    wanted = (*columns, "touched", "_entity", "_script")
    return pl.concat(
        [frame.with_columns(**{c: _NONE for c in wanted if c not in frame.columns}).select(wanted) for frame in frames]
    )


def _identifies(
    rng: Rng, logins: pl.DataFrame, kiosks: pl.DataFrame, forms: pl.DataFrame, booth: pl.DataFrame
) -> pl.DataFrame:
    size = logins.height
    told = logins.with_columns(
        email=when(chance(rng, size, 0.5), logins["email"], None),
        hubspotutk=when(chance(rng, size, 0.25), logins["hubspotutk"], None),
    )
    shared = kiosks.with_columns(email=when(chance(rng, kiosks.height, 0.4), kiosks["email"], None))
    rows = _stack(
        told,
        told.filter(pl.Series(chance(rng, size, 0.3))),
        shared,
        forms,
        booth,
        columns=("user_id", "anonymous_id", "email", "hubspotutk"),
    )
    return (
        pl.DataFrame({"id": _message_ids(rng, rows.height)})
        .hstack(rows.drop("touched"))
        .with_columns(received_at=stamp(later(rng, rows["touched"], 10)))
    )


def _pages(
    rng: Rng,
    devices: pl.DataFrame,
    strangers: pl.DataFrame,
    logins: pl.DataFrame,
    kiosks: pl.DataFrame,
    booth: pl.DataFrame,
) -> pl.DataFrame:
    before = _repeat(rng, devices, 0.7, least=1)
    after = _repeat(rng, logins, 0.5)
    at_kiosk = kiosks.with_columns(_entity=_NONE, user_id=_NONE)
    at_booth = booth.with_columns(_entity=_NONE)
    rows = _stack(
        before, _repeat(rng, strangers, 0.5, least=1), after, at_kiosk, at_booth, columns=("user_id", "anonymous_id")
    )
    path = pick(rng, _PATHS, rows.height, 1.5)
    return (
        pl.DataFrame({"id": _message_ids(rng, rows.height)})
        .hstack(rows.drop("touched"))
        .with_columns(
            url="https://www.product.example" + path, path=path, received_at=stamp(later(rng, rows["touched"], 4))
        )
    )


def _tracks(
    rng: Rng,
    users: pl.DataFrame,
    logins: pl.DataFrame,
    kiosks: pl.DataFrame,
    strangers: pl.DataFrame,
    legacy: pl.DataFrame,
) -> pl.DataFrame:
    in_browser = _repeat(rng, logins, 1.6, least=1)
    by_server = _repeat(rng, users, 0.5).with_columns(anonymous_id=_NONE)
    guests = strangers.head(max(2, strangers.height // 50)).with_columns(user_id=pl.lit("guest"))
    before = _repeat(rng, strangers, 0.2)
    rows = _stack(
        in_browser, by_server, _repeat(rng, kiosks, 1.0), guests, before, legacy, columns=("user_id", "anonymous_id")
    )
    event = pick(rng, _EVENTS, rows.height, 1.4)
    return (
        pl.DataFrame({"id": _message_ids(rng, rows.height)})
        .hstack(rows.drop("touched"))
        .with_columns(
            event=event.str.to_lowercase().str.replace_all(" ", "_"),
            event_text=event,
            received_at=stamp(later(rng, rows["touched"], 60)),
        )
    )


def _segment_users(rng: Rng, users: pl.DataFrame) -> pl.DataFrame:
    told = users.filter(pl.Series(chance(rng, users.height, 0.85)) & pl.col("_script").is_null())
    return told.select(
        id="user_id", email="email", name="name", received_at="created_at", _entity="_entity", _script="_script"
    )


def _groups(rng: Rng, users: pl.DataFrame, logins: pl.DataFrame) -> pl.DataFrame:
    one = logins.filter(pl.Series(chance(rng, logins.height, 0.5))).select("user_id", "anonymous_id")
    rows = users.filter(pl.col("tenant_id").is_not_null() & pl.Series(chance(rng, users.height, 0.8)))
    rows = rows.join(
        one.unique("user_id", keep="first", maintain_order=True), on="user_id", how="left", maintain_order="left"
    )
    ids = pl.DataFrame({"id": _message_ids(rng, rows.height)})
    return ids.hstack(
        rows.select("user_id", "anonymous_id", "_entity", "_script", group_id="tenant_id", received_at="created_at")
    )


def _aliases(rng: Rng, users: pl.DataFrame, devices: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Alias calls: most join a cookie to its user, the rest a user id of the old product to the new one.

    Returns:
        The alias table, and for the old ids a track row that holds nothing else.
    """
    aliased = devices.filter("aliased").select("person", "anonymous_id")
    rows = users.filter(pl.col("alias") & ~pl.col("again")).join(aliased, on="person", maintain_order="left")
    old = pl.Series(chance(rng, rows.height, 0.3))
    rows = rows.with_columns(
        previous_id=when(old, "legacy-" + pl.Series(numbered("", rows.height, 88_000)), rows["anonymous_id"])
    )
    table = pl.DataFrame({"id": _message_ids(rng, rows.height)}).hstack(
        rows.select("user_id", "previous_id", "_entity", "_script", received_at="created_at")
    )
    legacy = rows.filter(old).with_columns(user_id=pl.col("previous_id"), anonymous_id=_NONE)
    return table, legacy


def amplitude_events(
    rng: Rng, users: pl.DataFrame, devices: pl.DataFrame, visitors: pl.DataFrame, kiosks: pl.DataFrame
) -> pl.DataFrame:
    """Amplitude's raw export, with _entity and _script beside the exported columns.

    A device has an amplitude_id of its own until somebody logs in; then events carry the user's. Raw exports keep both.
    """
    active = users.filter("clicks")
    size = active.height
    phones = pl.DataFrame({"device_id": uuids(rng, size) + "R"}).hstack(active)
    second = phones.filter(pl.Series(chance(rng, size, 0.2)) & pl.col("_script").is_null())
    second = second.with_columns(device_id=uuids(rng, second.height) + "R")
    held = pl.concat([phones, second])
    early = held.filter(pl.Series(chance(rng, held.height, 0.4)))
    early = early.with_columns(
        user_id=_NONE, tenant_id=_NONE, amplitude_id=pl.Series(75_000_000_000 + 7 * np.arange(early.height))
    )
    known = devices.filter(pl.Series(chance(rng, devices.height, 0.25))).rename(
        {"anonymous_amplitude_id": "amplitude_id"}
    )
    known = known.with_columns(amplitude_id=pl.col("amplitude_id") + 200_000_000_000)
    strangers = visitors.filter(pl.Series(chance(rng, visitors.height, 0.4)))
    strangers = strangers.with_columns(
        device_id=uuids(rng, strangers.height) + "R",
        amplitude_id=pl.Series(75_500_000_005 + 7 * np.arange(strangers.height)),
    )
    tenant = users.select("user_id", "tenant_id")
    shared = kiosks.join(tenant, on="user_id", how="left", maintain_order="left")
    nobody = shared.with_columns(
        user_id=_NONE, tenant_id=_NONE, _entity=_NONE, amplitude_id=pl.col("amplitude_id").first().over("kiosk") + 1
    )
    columns = ("user_id", "device_id", "tenant_id")
    frames = (_repeat(rng, held, 1.8, least=1), early, known, strangers, shared, nobody)
    rows = pl.concat(
        [_stack(frame, columns=columns).with_columns(frame["amplitude_id"].cast(pl.Int64)) for frame in frames]
    )
    return _amplitude_shape(rng, rows)


def _amplitude_shape(rng: Rng, rows: pl.DataFrame) -> pl.DataFrame:
    size = rows.height
    at = later(rng, rows["touched"], 70)
    groups = (
        pl.when(pl.col("tenant_id").is_null())
        .then(pl.lit("{}"))
        .otherwise(pl.lit('{"org":["') + pl.col("tenant_id") + pl.lit('"]}'))
    )
    event = pick(rng, _EVENTS, size, 1.4)
    shown = "%Y-%m-%d %H:%M:%S%.6f"
    table = rows.select(
        pl.lit(218028).alias("app"),
        pl.Series("event_type", when(rows["user_id"].is_null(), "[Amplitude] Page Viewed", event)),
        stamp(at).dt.strftime(shown).alias("event_time"),
        "user_id",
        "device_id",
        "amplitude_id",
        pl.Series("session_id", at // 1800 * 1_800_000),
        groups.alias("groups"),
        pl.Series("platform", pick(rng, ("Web", "Web", "iOS", "Android"), size)),
        hexes(rng, size).alias("$insert_id"),
        stamp(at + 2).dt.strftime(shown).alias("server_upload_time"),
        "_entity",
        "_script",
    )
    return table.sort("server_upload_time", "$insert_id")
