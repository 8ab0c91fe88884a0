"""What an activity takes from a plain table, and how it stands as of a time."""

from datetime import UTC, datetime

import polars as pl
import pytest

from idgraph.errors import ConfigError
from idgraph.pql import Activity
from idgraph.pql.activity import ENTITIES, EVENTS, FACTS

TABLE = pl.DataFrame(
    {
        "when": ["2026-01-05T10:00:00+02:00", "2026-01-07", None, "2026-01-06"],
        "what": ["login", "invite", "login", "login"],
        "row": ["a", "b", "c", "a"],
        "who": ["ana", "bo", "bo", "ana"],
        "org": ["acme", None, "acme", "acme"],
        "topic": ["basics", None, None, "basics"],
        "n": [None, 3, 1, 1],
    }
)


def activity(**more):
    given = {"at": "when", "event": "what", "id": "row", "person": "who", "account": "org", "count": "n"} | more
    return Activity.from_frame(TABLE, **given)


def test_frames_have_their_columns():
    made = activity(facts=pl.DataFrame({"level": ["account"], "entity_id": ["beta"], "name": ["plan"], "value": [3]}))
    assert dict(made.events.collect_schema()) == dict(pl.Schema(EVENTS))
    assert dict(made.facts.collect_schema()) == dict(pl.Schema(FACTS))
    assert dict(made.entities.collect_schema()) == dict(pl.Schema(ENTITIES))
    assert made.entities.collect().sort("level", "entity_id").rows() == [
        ("account", "acme", None, None, None, None),
        ("account", "beta", None, None, None, None),
        ("person", "ana", "acme", None, None, None),
        ("person", "bo", "acme", None, None, None),
    ]


def test_an_id_that_recurs_is_one_event_the_earliest():
    kept = activity().events.sort("event_id").select("event_id", "at", "count").collect()
    assert kept.rows() == [
        ("a", datetime(2026, 1, 5, 8, tzinfo=UTC), 1),
        ("b", datetime(2026, 1, 7, tzinfo=UTC), 3),
    ]


def test_rows_that_are_no_events_are_counted():
    refused = activity().coverage().filter(pl.col("level") == "refused")
    assert refused.select("via", "number").rows() == [("no_time", 1), ("repeated", 1)]
    without_ids = activity(id=None).coverage().filter(pl.col("level") == "refused")
    assert without_ids.select("via", "number").rows() == [("no_time", 1)]


def test_the_order_of_rows_means_nothing():
    frames = [TABLE.drop_nulls("when"), TABLE.drop_nulls("when").reverse()]
    one, other = (
        Activity.from_frame(rows, at="when", event="what", id="row", person="who", account="org") for rows in frames
    )
    assert one.events.sort("event_id").collect().equals(other.events.sort("event_id").collect())
    assert one.coverage().equals(other.coverage())


def test_what_came_later_is_not_there():
    facts = pl.DataFrame(
        {
            "level": ["account"] * 2,
            "entity_id": ["acme"] * 2,
            "name": ["plan"] * 2,
            "value": ["free", "paid"],
            "at": [None, "2026-02-01"],
        }
    )
    made = activity(facts=facts)
    assert made.now == datetime(2026, 1, 7, tzinfo=UTC)
    assert made.as_of("2026-01-06").events.collect()["event_id"].to_list() == ["a"]
    assert made.facts.collect()["value"].to_list() == ["free"]
    assert made.as_of("2026-03-01").facts.collect()["value"].to_list() == ["free", "paid"]


@pytest.mark.parametrize("properties", ["topic", ["topic"]], ids=["text", "columns"])
def test_properties_are_json(properties):
    frame = TABLE if properties == ["topic"] else TABLE.with_columns(topic=pl.lit('{"topic":"basics"}'))
    made = Activity.from_frame(frame, at="when", event="what", person="who", properties=properties)
    assert made.events.collect()["properties"][0] == '{"topic":"basics"}'


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"at": "time"}, "no column 'time'; their columns are when, what"),
        ({"person": None, "account": None}, "name the column of at least one of person, tenant, account, parent"),
        ({"facts": pl.DataFrame({"level": ["account"]})}, "no column 'entity_id', 'name', 'value'"),
    ],
)
def test_what_is_not_there_is_named(more, said):
    with pytest.raises(ConfigError, match=said):
        activity(**more)


def test_events_without_any_time_are_refused():
    with pytest.raises(ConfigError, match="no event has a time"):
        Activity.from_frame(TABLE.with_columns(when=pl.lit("soon")), at="when", event="what", person="who")


def test_a_few_events_from_the_future_do_not_move_the_time():
    rows = {
        "at": [f"2020-01-{day:02}" for day in range(1, 21)] + ["2199-01-01"],
        "event": ["x"] * 21,
        "who": ["ana"] * 21,
    }
    found = Activity.from_frame(pl.DataFrame(rows), person="who")
    assert found.now == datetime(2020, 1, 20, tzinfo=UTC)
    assert found.events.collect().height == 20
    assert found.coverage().filter(pl.col("level") == "later")["number"].to_list() == [1]
    ahead = Activity.from_frame(pl.DataFrame(rows).tail(1), person="who")  # then it is no mistake
    assert ahead.now == datetime(2199, 1, 1, tzinfo=UTC)
