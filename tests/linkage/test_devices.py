"""Devices of several users: what was left on one goes to the user who alone can have left it, and to nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.config import DEFAULT_TYPES
from idgraph.errors import ConfigError
from idgraph.linkage.devices import SESSION, Holders, by_time, links_by_time, people_on, when_seen

LAPTOP = "laptop-01"
START = datetime(2026, 1, 1, tzinfo=UTC)


def visits(*rows: tuple[str | None, str | None, str | None], device: str = LAPTOP) -> ig.Source:
    """Events on one device: when, who was logged in, and the cookie that tells anonymous visits apart."""
    table = pl.DataFrame(rows, schema=dict.fromkeys(("at", "user", "cookie"), pl.String), orient="row")
    return ig.Source(
        "web_visits",
        kind="visitor",
        data=table.with_columns(device=pl.lit(device)),
        time="at",
        identifiers={"app.user_id": "user", "device": "device", "hubspotutk": "cookie"},
    )


def table(name: str, kind: Any, rows: list[dict[str, str | None]], **mapping: Any) -> ig.Source:
    columns = ["id", "device", "cookie", "email", "name", "created", "updated"]
    data = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))
    held = {"device": "device", "hubspotutk": "cookie", "email": "email"}
    return ig.Source(name, kind=kind, data=data, id="id", **{"identifiers": held, "time": "created", **mapping})


def who(graph: ig.Graph, cookie: str, device: str = LAPTOP) -> set[str]:
    """The user ids in the profile of an anonymous visit."""
    records = graph.profile(f"web_visits:|{device}|{cookie}")["record_ids"]
    held = graph.identifiers.filter(pl.col("record_id").is_in(records) & (pl.col("type") == "app.user_id"))
    return set(held["value"])


ANA_THEN_BO = [
    ("2026-01-05", "ana", None),
    ("2026-01-10", "ana", None),
    ("2026-01-20", "bo", None),
    ("2026-01-25", "bo", None),
]


# Whose a visit is


@pytest.mark.parametrize(
    ("at", "whose"),
    [
        (["2026-01-01"], {"ana"}),
        (["2026-01-01", "2026-01-04"], {"ana"}),
        (["2026-01-07"], {"ana"}),
        (["2026-01-01", "2026-01-07"], {"ana"}),
        (["2026-01-22"], {"bo"}),
        (["2026-01-25 00:30"], {"bo"}),
        (["2026-01-25 00:31"], set()),
        (["2026-01-12"], set()),
        (["2026-01-10 00:10"], set()),
        (["2026-01-05"], {"ana"}),
        (["2026-01-10"], set()),
        (["2026-01-07", "2026-01-22"], set()),
        (["2026-01-15", "2026-01-22"], set()),
        ([None], set()),
    ],
    ids=[
        "before sign-up",
        "all before sign-up",
        "between",
        "across sign-up",
        "between, later",
        "session",
        "after the session",
        "between two users",
        "in a session, but another follows",
        "at a sighting that others surround",
        "at the last sighting",
        "overlaps two",
        "overlaps one",
        "no time",
    ],
)
def test_a_visit_is_of_the_user_who_alone_can_have_made_it(at, whose):
    graph = ig.resolve(visits(*ANA_THEN_BO, *[(time, None, "c00kie-1") for time in at]))
    assert who(graph, "c00kie-1") == whose
    assert graph.suppressed.select("reason", "records").rows() == [("several_users", 3)]


def test_the_device_itself_joins_nobody():
    rows = [("2026-01-12", None, "c00kie-1"), ("2026-01-13", None, "c00kie-2"), *ANA_THEN_BO]
    graph = ig.resolve(visits(*rows))
    assert graph.profiles.height == 4
    assert graph.links.is_empty()


def test_a_user_seen_once_is_no_user_of_it():
    """It may be a wrong value: Ana's cookie in Bo's row."""
    once = [("2026-01-05", "ana", None), ("2026-01-20", "bo", None), ("2026-01-25", "bo", None)]
    assert who(ig.resolve(visits(("2026-01-01", None, "c00kie-1"), *once)), "c00kie-1") == set()


def test_who_wrote_an_address_is_somebody_too():
    """A lead was there between Ana's logins; what came after it may be theirs, and it is not Ana's itself."""
    lead = table("crm_leads", "lead", [{"id": "9", "device": LAPTOP, "email": "cy@beta.de", "created": "2026-01-08"}])
    visit = visits(("2026-01-09", None, "c00kie-1"), ("2026-01-06", None, "c00kie-2"), *ANA_THEN_BO)
    assert who(ig.resolve(visit), "c00kie-1") == {"ana"}
    graph = ig.resolve(visit, lead)
    assert who(graph, "c00kie-1") == who(graph, "c00kie-2") == set()
    assert graph.profile("crm_leads:9")["record_ids"] == ["crm_leads:9"]


def test_a_placeholder_is_nobody():
    lead = table(
        "crm_leads", "lead", [{"id": "9", "device": LAPTOP, "email": "test@test.com", "created": "2026-01-08"}]
    )
    assert ig.resolve(visits(*ANA_THEN_BO), lead).profile("crm_leads:9")["records"] == 2


def test_a_device_that_somebody_held_at_no_known_time_is_unclear():
    row = {"id": "cy", "device": LAPTOP, "created": "2025-01-01", "updated": "2026-02-01"}
    users = table("app_users", "user", [row], id_type="app.user_id", version="updated")
    visit = visits(("2026-01-07", None, "c00kie-1"), *ANA_THEN_BO)
    assert who(ig.resolve(visit, users), "c00kie-1") == set()
    ana = table("app_users", "user", [{**row, "id": "ana"}], id_type="app.user_id", version="updated")
    assert who(ig.resolve(visit, ana), "c00kie-1") == {"ana"}


def test_a_visit_that_other_evidence_gives_to_one_user_is_not_given_to_another():
    users = table("app_users", "user", [{"id": "cy", "cookie": "c00kie-1"}], id_type="app.user_id")
    graph = ig.resolve(visits(("2026-01-07", None, "c00kie-1"), *ANA_THEN_BO), users)
    assert who(graph, "c00kie-1") == {"cy"}


def test_two_users_never_join_through_a_visit():
    """One cookie was on two devices, on which it would be Ana's and Cy's."""
    cy = [("2026-01-05", "cy", None), ("2026-01-10", "cy", None), ("2026-01-20", "di", None)]
    one = visits(("2026-01-07", None, "c00kie-1"), *ANA_THEN_BO).data
    other = visits(("2026-01-07", None, "c00kie-1"), *cy, device="laptop-02").data
    source = visits()
    both = ig.Source(
        source.name, kind="visitor", data=pl.concat([one, other]), time="at", identifiers=source.identifiers
    )
    graph = ig.resolve(both)
    assert graph.links.is_empty()
    assert who(graph, "c00kie-1") == set()


# How it is told


@pytest.fixture(scope="module")
def graph() -> ig.Graph:
    return ig.resolve(visits(("2026-01-07", None, "c00kie-1"), *ANA_THEN_BO))


def test_a_link_says_why(graph):
    (link,) = graph.links.to_dicts()
    assert {name: link[name] for name in ("left_id", "right_id", "rule", "state", "strict", "evidence", "weight")} == {
        "left_id": f"web_visits:ana|{LAPTOP}|",
        "right_id": f"web_visits:|{LAPTOP}|c00kie-1",
        "rule": "device_at",
        "state": "used",
        "strict": False,
        "evidence": LAPTOP,
        "weight": 9.0,
    }
    assert link["observed_at"] == datetime(2026, 1, 10, tzinfo=UTC)


def test_explain_shows_the_path_through_it(graph):
    told = str(graph.explain(f"web_visits:|{LAPTOP}|c00kie-1", f"web_visits:ana|{LAPTOP}|"))
    assert "— device_at la…01 —" in told
    assert "(rule device_at, weight 9)" in told


def test_the_same_evidence_gives_the_same_graph(graph):
    names = ("records", "identifiers", "links")
    again = ig.Graph.from_frames(**{name: getattr(graph, name) for name in names})
    assert_frame_equal(again.assignments, graph.assignments, check_row_order=False)
    assert_frame_equal(again.links, graph.links)


@pytest.mark.parametrize("without", [(), ("device_at",), ("device",), ("device:user-visitor",)])
def test_it_can_be_switched_off(without):
    users = table(
        "app_users", "user", [{"id": "ana", "device": LAPTOP, "created": "2026-01-05"}], id_type="app.user_id"
    )
    visit = visits(("2026-01-01", None, "c00kie-1"), *ANA_THEN_BO[1:])
    found = ig.resolve(visit, users, config=ig.Config(without=without))
    assert found.links.height == (0 if without else 1)
    assert who(found, "c00kie-1") == (set() if without else {"ana"})


def test_a_rule_of_no_such_name_is_told_what_there_is():
    with pytest.raises(ConfigError, match="source_merge, device_at or similar"):
        ig.resolve(visits(*ANA_THEN_BO), config=ig.Config(without=("device_when",)))


# The pairs, on every engine


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def holder(record: int, group: int, role: int, day: float | None, until: float | None = None) -> dict[str, Any]:
    first = None if day is None else at(day)
    last = first if until is None else at(until)
    return {
        "node": 7,
        "value": LAPTOP,
        "record": record,
        "kind": "visitor",
        "group": group,
        "role": role,
        "observed_at": first,
        "observed_basis": "event" if first else "unknown",
        "first_seen": first,
        "last_seen": last,
    }


TIME = pl.Datetime("us", "UTC")
DTYPES = {
    **dict.fromkeys(("node", "record", "group"), pl.UInt32),
    "role": pl.Int32,
    **dict.fromkeys(("observed_at", "first_seen", "last_seen"), TIME),
}


def holders(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema_overrides=DTYPES)


def test_links_by_time_are_the_same_on_every_engine(engine):
    rows = holders(
        [
            *(holder(n, 1, 2, day, until) for n, day, until in ((1, 5, 8), (2, 10, None))),
            holder(3, 3, 2, 20, 25),
            holder(4, 4, 1, 30),
            *(
                holder(n, n, 0, day)
                for n, day in ((11, 1), (12, 7), (13, 9.5), (14, 15), (15, 22), (16, 40), (17, None))
            ),
            *(holder(n, 18, 0, day) for n, day in ((18, 6), (19, 23))),
        ]
    )
    described = next(known for known in DEFAULT_TYPES if known.name == "device")
    held = engine.lazy(rows.select("node", "value", "record", "kind", "observed_at", "observed_basis"))
    records = engine.lazy(rows.select("record", "first_seen", "last_seen"))
    people = engine.lazy(rows.select("record", "group", "role"))
    of_type = Holders(described, {"device": ("visitor", "user")}, held)
    found = engine.collect(links_by_time([of_type], records, people, engine)).sort("left")
    assert found.select("left", "right", "rule", "weight", "strict", "evidence", "state", "reason").rows() == [
        (left, right, "device_at", 9.0, False, LAPTOP, "used", None)
        for left, right in ((11, 1), (12, 1), (13, 2), (15, 3))
    ]
    assert found["observed_at"].to_list() == [at(5), at(8), at(10), at(25)]
    apart = Holders(described, {"device:user": ("user",)}, held)
    assert engine.count(links_by_time([apart], records, people, engine)) == 0


def test_who_the_holders_are_is_the_same_on_every_engine(engine):
    """1 and 2 are one user, by 9 who holds nothing here; 3 is one with the lead 8; 4 and 5 are one and nobody."""
    ids = {name: pl.DataFrame({"record": found}) for name, found in {"identified": [8, 9], "users": [9]}.items()}
    rows = holders([holder(n, n, 0, n) for n in (1, 2, 3, 4, 5, 6)]).drop("group", "role")
    described = next(known for known in DEFAULT_TYPES if known.name == "device")
    held = Holders(described, {"device": ("visitor",)}, engine.lazy(rows.cast({"record": pl.Int64})))
    known = [(1, 1), (2, 1), (9, 1), (3, 3), (8, 3), (4, 4), (5, 4), (20, 20), (21, 20)]
    known = engine.lazy(pl.DataFrame(known, schema=["node", "component"], orient="row"))
    found = people_on([held, held], known, engine.lazy(ids["identified"]), engine.lazy(ids["users"]), engine)
    rows = engine.collect(found).sort("record").select("record", "group", "role").rows()
    assert rows == [(1, 1, 2), (2, 1, 2), (3, 3, 1), (4, 4, 0), (5, 4, 0), (6, 6, 0)]


# The definition, word by word

DAYS = st.integers(0, 12)
SPANS = st.one_of(DAYS.map(lambda day: (day, day)), st.tuples(DAYS, DAYS).map(sorted).map(tuple), st.just((None, None)))
PEOPLE = st.lists(st.tuples(st.sampled_from([(1, 2), (2, 2), (3, 2), (4, 1)]), SPANS), min_size=1, max_size=7)
VISITS = st.lists(st.tuples(DAYS, st.sampled_from([0, 0, 1 / 96, 2 / 96, 1, 3])), max_size=5)


def can_only_be(start: float, end: float, people: list[tuple[tuple[int, int], tuple[Any, Any]]]) -> int | None:
    """The user who alone can have been there, by the definition in `by_time`; slow."""
    everybody = {person for person, _ in people}
    if any(all(span[0] is None for who, span in people if who == person) for person in everybody):
        return None
    spans = [(person, span) for person, span in people if span[0] is not None]
    for person in everybody:
        own = {time for who, span in spans if who == person for time in span}
        since = max((time for time in own if time < start), default=float("-inf"))
        session = max(own) + SESSION / timedelta(days=1)
        until = min((time for time in own if time > end), default=float("inf") if end <= session else None)
        touched = until is None or any(who != person and span[0] <= until and span[1] >= since for who, span in spans)
        if person[1] == 2 and len(own) > 1 and not touched:
            return person[0]
    return None


@given(people=PEOPLE, anonymous=VISITS, seed=st.integers(0, 99))
def test_visits_go_to_whom_the_definition_says(people, anonymous, seed):
    """Whatever the order of rows, and whatever other devices there are."""
    rows = [holder(n, group, role, *span) for n, ((group, role), span) in enumerate(people)]
    rows += [holder(100 + n, 100 + n, 0, day, day + length) for n, (day, length) in enumerate(anonymous)]
    rows += [{**row, "node": 8, "record": row["record"] + 1000} for row in rows]
    found = by_time(holders(rows).sample(fraction=1, shuffle=True, seed=seed))
    expected = {
        (100 + n + copy, whose)
        for n, (day, length) in enumerate(anonymous)
        if (whose := can_only_be(day, day + length, people))
        for copy in (0, 1000)
    }
    assert set(found.select("left", "person").iter_rows()) == expected
    assert found.height == len(expected)
    assert dict(found.sort("left").select("left", "right").iter_rows()) == dict(
        by_time(holders(rows)).sort("left").select("left", "right").iter_rows()
    )
    for left, right in found.select("left", "right").iter_rows():
        assert left // 1000 == right // 1000


EVENTS = st.lists(
    st.tuples(
        st.integers(1, 9).map(lambda day: f"2026-01-0{day}"),
        st.sampled_from(["ana", "bo", None, None]),
        st.sampled_from(["laptop-01", "laptop-02"]),
        st.sampled_from(["c00kie-1", "c00kie-2", "c00kie-3", None]),
    ),
    min_size=3,
    max_size=14,
)


def users_of(graph: ig.Graph) -> set[frozenset[str]]:
    """The user ids of each profile that has any."""
    held = graph.identifiers.filter(pl.col("type") == "app.user_id")
    placed = held.join(graph.assignments, on="record_id").group_by("entity_id").agg("value")
    return {frozenset(values) for values in placed["value"].to_list()}


@settings(max_examples=settings().max_examples // 5)  # each resolves four times
@given(events=EVENTS, seed=st.integers(0, 99))
def test_no_two_users_are_joined_and_order_does_not_matter(events, seed):
    columns = ("at", "user", "device", "cookie")
    rows = pl.DataFrame(events, schema=dict.fromkeys(columns, pl.String), orient="row")
    source = visits()

    def resolved(data: pl.DataFrame, **settings: Any) -> ig.Graph:
        found = ig.Source(source.name, kind="visitor", data=data, time="at", identifiers=source.identifiers)
        return ig.resolve(found, config=ig.Config(**settings))

    graph = resolved(rows)
    assert users_of(graph) == users_of(resolved(rows, without=("device_at",)))
    again = resolved(rows.sample(fraction=1, shuffle=True, seed=seed))
    from_frames = ig.Graph.from_frames(**{n: getattr(graph, n) for n in ("records", "identifiers", "links")})
    for other in (again, from_frames):
        for name in ("assignments", "links"):
            found, expected = (sorted(getattr(one, name).rows(), key=repr) for one in (other, graph))
            assert found == expected


def test_times_of_events_and_rows():
    """A row that was changed since it was created says that it had the device by then, not when."""
    rows = pl.DataFrame(
        {
            "observed_at": [at(1), at(1), at(2), at(1), at(1), None],
            "observed_basis": ["event", "created", "updated", "updated", None, "unknown"],
            "first_seen": [at(1)] * 6,
            "last_seen": [at(3)] * 6,
        },
        schema_overrides={"observed_at": TIME},
    )
    start, end = when_seen()
    assert rows.select(start.alias("start"))["start"].to_list() == [at(1), at(1), None, at(1), at(1), None]
    assert rows.select(end.alias("end"))["end"].to_list() == [at(3), at(1), None, at(1), at(1), None]
