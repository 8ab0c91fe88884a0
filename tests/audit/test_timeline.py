"""Who held a device when, as a person reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

import idgraph as ig
from idgraph.audit.timeline import timeline
from idgraph.errors import ConfigError, NotFoundError

LAPTOP = "laptop-01"
COLUMNS = ["device", "from", "until", "profile_id", "record_id", "source", "kind", "how"]


def sources() -> list[ig.Source]:
    """Ana and then Bo on one laptop, visits before and after, and a lead without a time; Cy on a device of hers."""
    visits = pl.DataFrame(
        [
            ("2026-01-01", None, LAPTOP, "c00kie-1"),
            ("2026-01-05", "ana", LAPTOP, None),
            ("2026-01-10", "ana", LAPTOP, None),
            ("2026-01-15", None, LAPTOP, "c00kie-2"),
            ("2026-01-20", "bo", LAPTOP, None),
            ("2026-01-02", None, "device-cc", None),
            ("2026-01-03", "cy", "device-cc", None),
            ("2026-01-04", "cy", "device-cc", LAPTOP[:-1] + "2"),
        ],
        schema=["at", "user", "device", "cookie"],
        orient="row",
    )
    leads = pl.DataFrame({"id": ["9"], "device": [LAPTOP], "name": ["Di Dow"]})
    return [
        ig.Source(
            "web_visits",
            kind="visitor",
            data=visits,
            time="at",
            identifiers={"app.user_id": "user", "device": "device", "hubspotutk": "cookie"},
        ),
        ig.Source(
            "crm_leads",
            kind="lead",
            data=leads,
            id="id",
            identifiers={"device": "device"},
            attributes={"full_name": "name"},
        ),
    ]


@pytest.fixture(scope="module")
def graph() -> ig.Graph:
    return ig.resolve(sources()[0])


def test_who_held_a_shared_device_when(graph):
    ana, bo = (graph.profile(f"web_visits:{name}|{LAPTOP}|")["entity_id"] for name in ("ana", "bo"))
    found = graph.timeline(LAPTOP)
    assert found.columns == COLUMNS
    day = {number: datetime(2026, 1, number, tzinfo=UTC) for number in range(1, 21)}
    assert found.select("from", "until", "profile_id", "record_id", "how").rows() == [
        (day[1], day[1], ana, f"web_visits:|{LAPTOP}|c00kie-1", "attributed"),
        (day[5], day[10], ana, f"web_visits:ana|{LAPTOP}|", "identified"),
        (day[15], day[15], None, f"web_visits:|{LAPTOP}|c00kie-2", "anonymous"),
        (day[20], day[20], bo, f"web_visits:bo|{LAPTOP}|", "identified"),
    ]
    assert found.select("device", "source", "kind").unique().rows() == [(LAPTOP, "web_visits", "visitor")]


def test_a_device_of_one_user_has_a_timeline_too(graph):
    found = graph.timeline("device-cc")
    assert found["how"].to_list() == ["attributed", "identified", "identified"]
    assert found["profile_id"].n_unique() == 1


def test_who_bears_a_name_is_somebody_and_without_time_comes_last():
    last = ig.resolve(*sources()).timeline(LAPTOP).row(-1, named=True)
    assert (last["from"], last["record_id"], last["how"]) == (None, "crm_leads:9", "identified")
    assert last["profile_id"] is not None


def test_an_opened_graph_tells_the_same(graph, tmp_path):
    opened = ig.open(graph.write(tmp_path / "out"))
    assert opened.timeline(LAPTOP).equals(graph.timeline(LAPTOP))


def test_a_device_that_nobody_holds(graph):
    with pytest.raises(NotFoundError) as told:
        graph.timeline("somebody-elses-phone")
    assert str(told.value).startswith("no record of a person holds the device 'so…ne'")
    with pytest.raises(NotFoundError):  # a user id is no device
        graph.timeline("ana")


def test_a_value_of_several_types_needs_one_named():
    rows = pl.DataFrame({"at": ["2026-01-01"], "device": [LAPTOP], "cookie": [LAPTOP]})
    who = {"device": "device", "hubspotutk": "cookie"}
    graph = ig.resolve(ig.Source("web_visits", kind="visitor", data=rows, time="at", identifiers=who))
    with pytest.raises(ConfigError, match="'la…01' is a value of device and of hubspotutk; say which: type='device'"):
        graph.timeline(LAPTOP)
    assert graph.timeline(LAPTOP, type="hubspotutk")["how"].to_list() == ["anonymous"]
    with pytest.raises(ConfigError, match="'email' is not trusted like a device"):
        graph.timeline(LAPTOP, type="email")


def test_the_timeline_is_the_same_on_every_engine(engine):
    known = ig.resolve(*sources())
    frames = {name: engine.lazy(getattr(known, name)) for name in ("records", "identifiers", "assignments")}
    words = pl.col("source", "kind", "how").cast(pl.String)
    found = timeline(frames, LAPTOP, None, known.config, engine)
    assert found.with_columns(words).equals(known.timeline(LAPTOP).with_columns(words))
