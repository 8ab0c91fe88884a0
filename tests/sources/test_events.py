"""What a source tells of: events, what is so from a time on, and what cannot be used."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.engines import engine_for
from idgraph.errors import MappingError
from idgraph.sources.events import read_told

TRACKS = {"name": "web_tracks", "kind": "visitor", "identifiers": {"app.user_id": "user", "device": "cookie"}}
DEALS = {"name": "crm_deals", "belongs_to": {"crm.account_id": "account"}, "event_id": "id"}


def told(rows, **mapping):
    engine = engine_for()
    found = read_told(ig.Source(**mapping, data=pl.DataFrame(rows)), ig.Config(), engine)
    return {name: engine.collect(getattr(found, name)) for name in ("events", "facts", "rejects")}


def refused(found):
    return sorted(found["rejects"].select("row", "grain", "column", "value", "reason").rows())


def test_a_column_names_what_happened():
    rows = {
        "id": ["m1", "m2"],
        "user": ["u1", None],
        "cookie": ["c1", "c1"],
        "what": ["report_viewed", "page_viewed"],
        "at": ["2026-01-05T10:00:00+01:00", "2026-01-04"],
        "visit": ["s1", None],
        "json": ['{"path": "/pricing"}', None],
    }
    more = {"event": "what", "event_id": "id", "time": "at", "session": "visit", "properties": "json"}
    events = told(rows, **TRACKS, **more)["events"]
    assert events.select("native_id", "event_id", "event", pl.col("at").dt.to_string("%d %H"), "session_id").rows() == [
        ("u1|c1", "web_tracks:m1", "report_viewed", "05 09", "s1"),
        ("|c1", "web_tracks:m2", "page_viewed", "04 00", None),
    ]
    assert events["properties"].to_list() == ['{"path": "/pricing"}', None]
    assert events["count"].to_list() == [1, 1]


def test_columns_become_properties_and_say_nothing_where_they_hold_nothing():
    rows = {"user": ["u1", "u2"], "at": ["2026-01-05"] * 2, "topic": ["basics", None], "length": [12, None]}
    mapping = {"name": "help_tickets", "identifiers": {"app.user_id": "user"}, "event": {"ticket_opened": "at"}}
    events = told(rows, **mapping, properties={"topic": "topic", "length": "length"})["events"]
    assert sorted(events["properties"], key=str) == [None, '{"topic":"basics","length":"12"}']
    assert set(events["event"]) == {"ticket_opened"}


def test_a_row_tells_of_several_things_each_at_its_time():
    rows = {
        "id": ["1", "2", "3"],
        "account": ["a", "b", "c"],
        "created": ["2026-01-01", "2026-01-02", None],
        "closes": ["2026-02-01", "2026-09-01", "2026-03-01"],
        "won": ["TRUE", "false", "true"],
    }
    won = ig.TimeIf("closes", where={"won": ["true", "yes"]})
    found = told(rows, **DEALS, event={"deal_created": "created", "deal_won": won})
    assert sorted(found["events"].select("event_id", "event", pl.col("at").dt.date().cast(str)).rows()) == [
        ("crm_deals:1:deal_created", "deal_created", "2026-01-01"),
        ("crm_deals:1:deal_won", "deal_won", "2026-02-01"),
        ("crm_deals:2:deal_created", "deal_created", "2026-01-02"),
        ("crm_deals:3:deal_won", "deal_won", "2026-03-01"),
    ]
    assert refused(found) == []  # what has no time has not happened


def test_the_newest_version_of_a_row_counts():
    rows = {
        "id": ["1", "1"],
        "account": ["a", "a"],
        "closes": ["2026-02-01", "2026-02-01"],
        "won": ["true", "false"],
        "changed": ["2026-02-01", "2026-02-09"],
    }
    moments = {"deal_won": ig.TimeIf("closes", {"won": "true"}), "deal_lost": ig.TimeIf("closes", {"won": "false"})}
    for turned in (rows, {name: values[::-1] for name, values in rows.items()}):
        found = told(turned, **DEALS, version="changed", event=moments)
        assert found["events"]["event"].to_list() == ["deal_lost"]
        assert refused(found) == []


@pytest.mark.parametrize("column", ["won", "gone"])
def test_what_the_newest_version_no_longer_tells_has_not_happened(column):
    rows = {"id": ["1", "1"], "account": ["a", "a"], "closes": ["2026-02-01"] * 2, "won": ["true", "true"]}
    rows |= {"gone": ["false", "false"], "changed": ["2026-02-01", "2026-02-09"]}
    rows[column] = ["true", "false"] if column == "won" else ["false", "true"]
    more = {"version": "changed", "deleted": "gone"}
    assert told(rows, **DEALS, **more, event={"deal_won": ig.TimeIf("closes", {"won": "true"})})["events"].is_empty()


def test_an_event_sent_twice_is_one_and_is_said():
    rows = {
        "id": ["m1", "m1", "m2"],
        "user": ["u1"] * 3,
        "cookie": [None] * 3,
        "what": ["x"] * 3,
        "at": ["2026-01-05"] * 3,
    }
    more = {"event": "what", "time": "at"}
    found = told(rows, **TRACKS, **more, event_id="id")
    assert sorted(found["events"]["event_id"]) == ["web_tracks:m1", "web_tracks:m2"]
    assert refused(found) == [(1, "row", "id", "web_tracks:m1", "repeated")]
    assert told(rows, **TRACKS, **more)["events"].height == 1  # without ids, rows that say the same are one


def test_events_without_ids_keep_theirs_whatever_their_order():
    rows = {"user": ["u1", "u2", "u1"], "cookie": ["a", None, "b"], "what": ["x"] * 3, "at": ["2026-01-05"] * 3}
    more = {"event": "what", "time": "at"}
    turned = {name: values[::-1] for name, values in rows.items()}
    one, other = (told(given, **TRACKS, **more)["events"] for given in (rows, turned))
    assert one.sort("event_id").equals(other.sort("event_id"))
    assert one["event_id"].n_unique() == 3


def test_null_is_not_zero():
    rows = {
        "user": ["u1", "u2", "u3", "u4", "u5"],
        "cookie": [None] * 5,
        "what": ["x", "x", None, "x", "x"],
        "at": ["2026-01-05", None, "2026-01-05", "soon", "2026-01-05"],
        "n": ["3", "1", "1", "1", None],
        "json": ["[1]", None, None, None, None],
    }
    found = told(rows, **TRACKS, event="what", time="at", count="n", properties="json")
    assert found["events"].select("native_id", "count", "properties").rows() == [("u1|", 3, None)]
    assert refused(found) == [
        (1, "value", "json", "[1]", "not_an_object"),
        (2, "row", "at", None, "no_time"),
        (3, "row", "what", None, "no_event"),
        (4, "row", "at", "soon", "not_a_time"),
        (5, "row", "n", None, "not_a_count"),
    ]


def test_deleted_rows_tell_nothing():
    rows = {"id": ["1", "2"], "account": ["a", "b"], "created": ["2026-01-01"] * 2, "gone": ["true", "false"]}
    found = told(rows, **DEALS, event={"deal_created": "created"}, deleted="gone")
    assert found["events"]["event_id"].to_list() == ["crm_deals:2"]
    assert refused(found) == [(1, "row", "gone", None, "deleted")]


def test_rows_say_what_is_so_from_a_time_on():
    rows = {
        "tenant": ["t1", "t1", "t2"],
        "plan": ["free", "team", "free"],
        "from": ["2026-01-01", "2026-03-01", "then"],
    }
    mapping = {"name": "billing_plans", "belongs_to": {"app.tenant_id": "tenant"}, "attributes": {"plan": "plan"}}
    found = told(rows, **mapping, time="from")
    assert sorted(found["facts"].select("name", "value", pl.col("at").dt.date().cast(str)).rows()) == [
        ("plan", "free", "2026-01-01"),
        ("plan", "team", "2026-03-01"),
    ]
    assert refused(found) == [(3, "row", "from", "then", "not_a_time")]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"identifiers": {"email": "mail"}}, "it has no kind, and tells nothing of others either"),
        ({"event": {"x": "at"}}, "it has no kind, and tells nothing of others either"),
        ({"identifiers": {"email": "mail"}, "event": {"x": "at"}, "id": "id"}, "it has id, but no kind"),
        ({"identifiers": {"email": "mail"}, "event": "what"}, "its events are named by 'what', but it has no time"),
        ({"kind": "user", "id": "id", "session": "visit"}, "it has session, which is of events"),
    ],
)
def test_mappings_that_mean_nothing_are_refused(mapping, message):
    with pytest.raises(MappingError, match=message):
        ig.Source("crm_things", data="things.csv", **mapping)


def test_a_missing_column_is_named():
    with pytest.raises(MappingError, match=r"there is no column 'acount'.*'account'"):
        told(
            {"id": ["1"], "account": ["a"], "at": ["2026-01-05"]},
            name="crm_deals",
            event={"x": "at"},
            belongs_to={"domain": "acount"},
        )
