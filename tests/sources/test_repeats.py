"""Headers that give a name to several columns: what is said under it is read, or refused with the reason."""

from pathlib import Path

import polars as pl
import pytest

import idgraph as ig
from idgraph.engines import Engine
from idgraph.errors import MappingError
from idgraph.sources.events import read_told
from idgraph.sources.load import load
from idgraph.sources.table import ValueIf

TEXT = """id,email,email,city,city
1,,ana@acme.io,Rome,
2,bo@acme.io,b.berg@acme.io,,Oslo
3,cy@acme.io,cy@acme.io,Bonn,Kiel
"""
MAPPING = {"id": "id", "identifiers": {"email": "email"}, "attributes": {"city": "city"}}


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(TEXT)
    return path


def read(engine: Engine, path: Path, **mapping: object) -> dict[str, list[tuple[object, ...]]]:
    """The addresses, cities and refused values of people."""
    found = load(ig.Source("crm", kind="contact", data=str(path), **{**MAPPING, **mapping}), ig.Config(), engine)
    records = engine.collect(found.records).sort("native_id")
    ids = records.select("record", "native_id")
    emails = engine.collect(found.identifiers["email"]).join(ids, on="record").select("native_id", "value")
    columns = ("file", "row", "grain", "column", "value", "reason")
    return {
        "emails": sorted(set(emails.rows())),
        "cities": records.select("native_id", "city").rows(),
        "refused": sorted(engine.collect(found.rejects).select(columns).rows()),
    }


EMAILS = [("1", "ana@acme.io"), ("2", "b.berg@acme.io"), ("2", "bo@acme.io"), ("3", "cy@acme.io")]
KIEL = ("people.csv", 3, "value", "city_duplicated_0", "Kiel", "repeated_column")


def test_all_columns_of_a_name_are_read_and_what_has_one_value_refuses_another(engine, people):
    found = read(engine, people)
    assert found["emails"] == EMAILS
    assert found["cities"] == [("1", "Rome"), ("2", "Oslo"), ("3", "Bonn")]
    assert found["refused"] == [KIEL]


def test_a_column_that_the_mapping_names_is_left_to_it(engine, people):
    mapping = {"attributes": {"city": "city", "office": "city_duplicated_0"}}
    found = read(engine, people, **mapping)
    assert found["cities"] == [("1", "Rome"), ("2", None), ("3", "Bonn")]
    assert found["refused"] == []
    one = read(
        engine, people, identifiers={"email": "email"}, attributes={"city": "city", "other": "email_duplicated_0"}
    )
    assert one["emails"] == [("2", "bo@acme.io"), ("3", "cy@acme.io")]


def test_ids_and_times_are_read_from_all_of_them_too(engine, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("Id,Id,made,made\n1,,,2026-01-05\n,2,2026-01-06,2026-01-07\n")
    source = ig.Source("crm", kind="contact", data=str(path), id="id", time="made")
    found = load(source, ig.Config(), engine)
    records = engine.collect(found.records).sort("native_id")
    assert records.select("native_id", pl.col("first_seen").dt.day()).rows() == [("1", 5), ("2", 6)]
    refused = engine.collect(found.rejects).select("row", "column", "value", "reason")
    assert refused.rows() == [(2, "made_duplicated_0", "2026-01-07", "repeated_column")]


def test_a_value_of_some_rows_only_is_one_value(engine, people):
    found = read(engine, people, identifiers={"email": ValueIf("email", where={"city": ["Rome", "Bonn", "Oslo"]})})
    assert found["emails"] == [("1", "ana@acme.io"), ("2", "bo@acme.io"), ("3", "cy@acme.io")]
    assert found["refused"] == [
        ("people.csv", 2, "value", "email_duplicated_0", "b.berg@acme.io", "repeated_column"),
        KIEL,
    ]


def test_events_read_them_too(engine, tmp_path):
    path = tmp_path / "clicks.csv"
    path.write_text("user,user,what,what,at\n,u_1,seen,,2026-01-05\nu_2,,seen,left,2026-01-06\n")
    types = {"identifiers": {"app.user_id": "user"}, "event": "what", "time": "at"}
    found = read_told(ig.Source("web", data=str(path), **types), ig.Config(), engine)
    cells = [column for column in found.events.collect_schema().names() if column.startswith("to:")]
    events = engine.collect(found.events).sort("at")
    assert events["event"].to_list() == ["seen", "seen"]
    assert [set(row) - {None} for row in events.select(cells).rows()] == [{"u_1"}, {"u_2"}]
    refused = engine.collect(found.rejects).select("row", "column", "value", "reason")
    assert refused.rows() == [(2, "what_duplicated_0", "left", "repeated_column")]


def test_a_run_tells_of_each_refused_value_once(tmp_path):
    path = tmp_path / "users.csv"
    path.write_text("id,email,won,won\n1,ana@acme.io,2026-01-05,2026-01-06\n")
    source = ig.Source(
        "crm", kind="contact", data=str(path), id="id", identifiers={"email": "email"}, event={"deal_won": "won"}
    )
    assert ig.resolve(source).rejects["value"].to_list() == ["2026-01-06"]


def test_discover_says_that_there_are_several(tmp_path):
    (tmp_path / "contacts.csv").write_text("hs_object_id,email,email,firstname,lastname\n51,,ana@acme.io,Ana,Silva\n")
    found = ig.discover(tmp_path)
    assert found.recognised[0].repeated == ("email",)
    assert "contacts.csv: several columns are called email; where the name is mapped all of them are read" in str(found)
    assert ig.resolve(*found).profiles["emails"].to_list() == [["ana@acme.io"]]


def test_judgements_of_two_verdicts_are_refused(people, tmp_path):
    path = tmp_path / "said.csv"
    path.write_text("left_id,right_id,verdict,verdict\ncrm:1,crm:2,,same\n")
    source = ig.Source("crm", kind="contact", data=str(people), **MAPPING)
    with pytest.raises(MappingError, match="there are several columns 'verdict'"):
        ig.resolve(source, judgements=str(path))
