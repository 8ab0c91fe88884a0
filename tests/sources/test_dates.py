"""Dates with slashes: whether day or month comes first is asked of the whole column, wherever times are read."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import idgraph as ig
from idgraph.engines import Engine, engine_for
from idgraph.sources.events import read_told
from idgraph.sources.load import load
from idgraph.sources.times import date_orders, parse_column

DAYS_FIRST = ["03/04/2026", "13/04/2026"]
MONTHS_FIRST = ["03/04/2026", "04/13/2026"]
MIXED = ["03/04/2026", "13/04/2026", "04/13/2026", "2026-05-01"]


def read(engine: Engine, texts: list[str], **mapping: object) -> tuple[list[date | None], list[tuple[object, ...]]]:
    """When users signed up, and what was refused of it."""
    rows = pl.DataFrame({"id": [f"{place}" for place, _ in enumerate(texts, 1)], "made": texts})
    found = load(ig.Source("app", kind="user", data=rows, id="id", time="made", **mapping), ig.Config(), engine)
    records = engine.collect(found.records).sort("native_id")
    rejects = engine.collect(found.rejects).sort("row").select("row", "grain", "column", "value", "reason")
    return records["first_seen"].dt.date().to_list(), rejects.rows()


@pytest.mark.parametrize(
    ("texts", "dates"),
    [
        (DAYS_FIRST, [date(2026, 4, 3), date(2026, 4, 13)]),
        (DAYS_FIRST[::-1], [date(2026, 4, 13), date(2026, 4, 3)]),
        (MONTHS_FIRST, [date(2026, 3, 4), date(2026, 4, 13)]),
        (["03/04/2026", "05/06/2026 10:00:00"], [date(2026, 3, 4), date(2026, 5, 6)]),
        (["3/4/2026", "31/1/2026 23:59:59"], [date(2026, 4, 3), date(2026, 1, 31)]),
        (["2026-03-04", "13/04/2026"], [date(2026, 3, 4), date(2026, 4, 13)]),
        (["3/4/2026, 3:15 PM", "13/4/2026, 11:15:09 am"], [date(2026, 4, 3), date(2026, 4, 13)]),
    ],
)
def test_a_column_tells_as_a_whole_which_part_is_the_day(engine, texts, dates):
    assert read(engine, texts) == (dates, [])


def test_dates_of_a_column_that_no_order_reads_are_refused_with_the_reason(engine):
    dates, refused = read(engine, MIXED)
    assert dates == [None, None, None, date(2026, 5, 1)]
    assert refused == [(row, "value", "made", MIXED[row - 1], "mixed_dates") for row in (1, 2, 3)]


def test_what_is_a_date_in_no_order_speaks_for_none(engine):
    dates, refused = read(engine, ["13/13/2026", "03/04/2026"])
    assert dates == [None, date(2026, 3, 4)]
    assert refused == [(1, "value", "made", "13/13/2026", "not_a_time")]


@pytest.mark.parametrize(("day_first", "expected"), [(True, date(2026, 4, 3)), (False, date(2026, 3, 4))])
def test_a_source_may_say_it(day_first, expected):
    assert read(engine_for(), ["03/04/2026"], day_first=day_first) == ([expected], [])
    other = "04/13/2026" if day_first else "13/04/2026"
    dates, refused = read(engine_for(), ["03/04/2026", other], day_first=day_first)
    assert dates == [expected, None]
    assert refused == [(2, "value", "made", other, "not_a_time")]


def test_a_column_of_versions_is_asked_by_itself():
    rows = pl.DataFrame({"id": ["1", "1"], "made": MONTHS_FIRST, "changed": ["05/06/2026", "13/06/2026"]})
    source = ig.Source("app", kind="user", data=rows, id="id", time="made", version="changed")
    (record,) = load(source, ig.Config(), engine_for()).records.collect().to_native().to_dicts()
    assert (record["first_seen"].date(), record["last_seen"].date()) == (date(2026, 3, 4), date(2026, 6, 13))


def told(engine: Engine, rows: dict[str, list[str]], **mapping: object) -> dict[str, pl.DataFrame]:
    found = read_told(ig.Source("web", data=pl.DataFrame(rows), **mapping), ig.Config(), engine)
    return {name: engine.collect(getattr(found, name)) for name in ("events", "facts", "about", "rejects")}


@pytest.mark.parametrize("named", [{"event": "what", "time": "at"}, {"event": {"seen": "at"}}])
def test_events_ask_the_column_too(engine, named):
    rows = {"user": ["u1", "u2"], "what": ["seen", "seen"], "at": DAYS_FIRST}
    found = told(engine, rows, identifiers={"app.user_id": "user"}, **named)
    assert sorted(found["events"]["at"].dt.date()) == [date(2026, 4, 3), date(2026, 4, 13)]
    assert found["rejects"].is_empty()


@pytest.mark.parametrize("named", [{"event": "what", "time": "at"}, {"event": {"seen": "at"}}])
def test_events_of_mixed_dates_are_refused(named):
    rows = {"user": [*"abcd"], "what": ["seen"] * 4, "at": MIXED}
    found = told(engine_for(), rows, identifiers={"app.user_id": "user"}, **named)
    assert found["events"]["at"].dt.date().to_list() == [date(2026, 5, 1)]
    refused = found["rejects"].sort("row").select("row", "grain", "column", "reason")
    assert refused.rows() == [(row, "row", "at", "mixed_dates") for row in (1, 2, 3)]


def test_facts_and_what_is_said_of_other_rows_ask_it_too():
    rows = {"tenant": ["t1", "t2"], "plan": ["free", "team"], "deal": ["1", "2"], "from": DAYS_FIRST}
    mapping = {"belongs_to": {"app.tenant_id": "tenant"}, "time": "from"}
    facts = told(engine_for(), rows, attributes={"plan": "plan"}, **mapping)["facts"]
    assert sorted(facts["at"].dt.date()) == [date(2026, 4, 3), date(2026, 4, 13)]
    about = told(engine_for(), rows, about={"deals": "deal"}, **mapping)["about"]
    assert sorted(about["at"].dt.date()) == [date(2026, 4, 3), date(2026, 4, 13)]


def test_times_of_rows_that_tell_no_event_are_not_lost_without_a_word():
    rows = {"tenant": ["t1"], "deal": ["1"], "from": ["soon"]}
    rejects = told(engine_for(), rows, about={"deals": "deal"}, belongs_to={"app.tenant_id": "tenant"}, time="from")
    assert rejects["rejects"].select("grain", "column", "value", "reason").rows() == [
        ("value", "from", "soon", "not_a_time")
    ]


def test_a_record_that_tells_events_has_its_times_refused_once():
    rows = pl.DataFrame({"id": ["1"], "made": ["soon"], "changed": ["later"], "won": ["2026-01-01"]})
    source = ig.Source(
        "app", kind="user", data=rows, id="id", time="made", version="changed", event={"deal_won": "won"}
    )
    rejects = ig.resolve(source).rejects.select("column", pl.col("reason").cast(pl.String)).sort("column")
    assert rejects.rows() == [("changed", "not_a_version"), ("made", "not_a_time")]


def test_times_of_judgements_and_of_plain_events_ask_the_column_too():
    people = ig.Source("crm", kind="contact", data=pl.DataFrame({"id": ["1", "2", "3"]}), id="id")
    said = {"left_id": ["crm:1", "crm:2"], "right_id": ["crm:2", "crm:3"], "verdict": ["same"] * 2, "at": DAYS_FIRST}
    assert sorted(ig.resolve(people, judgements=pl.DataFrame(said)).judgements["at"].dt.date()) == [
        date(2026, 4, 3),
        date(2026, 4, 13),
    ]
    frame = pl.DataFrame({"at": DAYS_FIRST, "event": ["seen"] * 2, "who": ["ana", "bo"]})
    events = ig.pql.Activity.from_frame(frame, person="who").events.collect()
    assert sorted(events["at"].dt.date()) == [date(2026, 4, 3), date(2026, 4, 13)]


@given(st.lists(st.dates(date(1999, 1, 1), date(2040, 1, 1)), min_size=1))
def test_dates_written_with_the_day_first_are_read_back_wherever_one_tells(dates):
    """Where one of them has a day above 12; else they may be read either way."""
    texts = pl.Series([f"{day:%d/%m/%Y}" for day in dates])
    read_back = parse_column(texts, "UTC").dt.date().to_list()
    if any(day.day > 12 for day in dates):
        assert read_back == dates
    else:
        assert read_back == [day.replace(month=day.day, day=day.month) for day in dates]


def test_orders_are_told_from_the_columns_apart(engine):
    rows = pl.DataFrame({"column": ["a", "b"], "value": ["13/04/2026", "soon"]})
    assert date_orders(engine.lazy(rows), {}, engine) == {"a": "day_first"}
    assert date_orders(engine.lazy(rows), {"a": "day_first"}, engine) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1/5/2026 3:15 PM", "2026-01-05 15:15:00"),
        ("1/5/2026, 3:15\u202fPM", "2026-01-05 15:15:00"),
        ("12/31/2026 12:05:09 am", "2026-12-31 00:05:09"),
        ("1/5/2026 10:00", "2026-01-05 10:00:00"),
        ("13.04.2026", "2026-04-13 00:00:00"),
        ("3.4.2026 9:05", "2026-04-03 09:05:00"),
        ("13.04.2026, 10:00:01", "2026-04-13 10:00:01"),
        ("04.13.2026", None),
        ("1.2.3.4", None),
        ("1/5/2026 25:00", None),
        ("1/5/2026 13:00 PM", None),
    ],
)
def test_dates_in_numbers_may_have_dots_and_clocks_of_either_sort(text, moment):
    assert parse_column(pl.Series([text]), "UTC").dt.to_string("%Y-%m-%d %H:%M:%S").item() == moment
