"""Bad input: an error before any work that names what is wrong and the mend, or one row or value lost, and said."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError, FileError, MappingError, OutputError, SourceError
from idgraph.sources.discover import survey

Write = Callable[..., ig.Source]


@pytest.fixture
def users(tmp_path: Path) -> Write:
    """Write a file of users and map it; what is said of the mapping otherwise is said by name."""

    def write(content: str | bytes, file: str = "users.csv", **mapping: object) -> ig.Source:
        path = tmp_path / file
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        known = {"kind": "user", "id": "id", "identifiers": {"email": "email"}, "data": str(path)}
        return ig.Source(**{"name": "app_users", **known, **mapping})

    return write


def frame(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame(columns)


def said(error: type[Exception], work: Callable[[], object]) -> str:
    """What an error says; never a whole address."""
    with pytest.raises(error) as told:
        work()
    assert isinstance(told.value, ig.IdgraphError)
    assert "ana@acme.io" not in str(told.value)
    return str(told.value)


def lost(graph: ig.Graph) -> list[tuple[object, ...]]:
    columns = ("source", "file", "row", "grain", "column", "value", "reason")
    return graph.rejects.sort("row").select(columns).rows()


# Files


def test_a_missing_file(tmp_path):
    source = ig.Source("app_users", kind="user", data=str(tmp_path / "nope.csv"), id="id")
    message = said(FileError, lambda: ig.resolve(source))
    assert message.startswith("source 'app_users': no file matches")
    assert "nope.csv" in message


def test_an_empty_file(users):
    message = said(FileError, lambda: ig.resolve(users("")))
    assert "app_users" in message
    assert "users.csv is empty. Export it again" in message


def test_a_file_of_a_header_alone_is_a_table_without_rows(users):
    graph = ig.resolve(users("id,email\n"))
    assert (graph.records.height, graph.profiles.height, graph.rejects.height) == (0, 0, 0)


def test_a_truncated_file(users):
    packed = gzip.compress(b"id,email\n" + b"1,ana@acme.io\n" * 1000)[:-20]
    message = said(FileError, lambda: ig.resolve(users(packed, "users.csv.gz")))
    assert "users.csv.gz is truncated" in message
    assert "Fetch or export it again" in message
    message = said(FileError, lambda: ig.resolve(users('[{"id": 1, "email": "ana@acme.io"}, {"id"', "users.json")))
    assert "users.json is truncated" in message


def test_a_truncated_parquet_file(users, tmp_path):
    whole = tmp_path / "whole.parquet"
    frame(id=["1"], email=["ana@acme.io"]).write_parquet(whole)
    message = said(FileError, lambda: ig.resolve(users(whole.read_bytes()[:-30], "users.parquet")))
    assert "users.parquet" in message


def test_a_wrong_delimiter(users):
    message = said(FileError, lambda: ig.resolve(users("id;email\n1;ana@acme.io\n", delimiter=",")))
    assert "users.csv has no ',' in its header" in message
    assert "delimiter=';'" in message
    assert ig.resolve(users("id;email\n1;ana@acme.io\n")).profiles["email"].to_list() == ["ana@acme.io"]


def test_a_wrong_encoding_loses_the_rows_that_cannot_be_read(users):
    text = "id,email,name\n1,ana@acme.io,Ana\n2,jose@acme.io,José\n".encode("cp1252")
    graph = ig.resolve(users(text, attributes={"full_name": "name"}))
    assert graph.records["native_id"].to_list() == ["1"]
    ((source, file, row, grain, _, _, reason),) = lost(graph)
    assert (source, file, row, grain) == ("app_users", "users.csv", 2, "row")
    assert "not UTF-8" in reason
    assert 'encoding="cp1252"' in reason
    read = ig.resolve(users(text, attributes={"full_name": "name"}, encoding="cp1252"))
    assert read.profiles["full_name"].sort().to_list() == ["Ana", "José"]


def test_a_file_that_is_something_else(users):
    message = said(FileError, lambda: ig.resolve(users("<html><body>Please sign in</body></html>")))
    assert "looks like a web page" in message
    assert "download the export again" in message


def test_a_file_that_changes_is_read_anew(users):
    assert ig.resolve(users("id,email\n1,ana@acme.io\n")).records.height == 1
    assert ig.resolve(users("id,email\n1,ana@acme.io\n2,bo@acme.io\n")).records.height == 2


# Mappings


@pytest.mark.parametrize(
    ("file", "content"),
    [("users.csv", "user_id,email\n1,ana@acme.io\n"), ("users.jsonl", '{"user_id": 1, "email": "ana@acme.io"}\n')],
)
def test_a_missing_id_column_suggests_what_comes_close(users, file, content):
    message = said(MappingError, lambda: ig.resolve(users(content, file, id="userid")))
    assert message == "source 'app_users': there is no column 'userid'. Did you mean 'user_id'?"


def test_a_missing_column_that_nothing_comes_close_to_lists_what_is_there(users):
    message = said(MappingError, lambda: ig.resolve(users("id,email\n", identifiers={"phone": "telefono"})))
    assert message.startswith("source 'app_users': there is no column 'telefono'. ")
    assert "'id', 'email'" in message


def test_a_file_without_a_header_shows_no_values(users, tmp_path):
    """Its first row is taken for the names of its columns, which are then somebody's values."""
    message = said(MappingError, lambda: ig.resolve(users("1,ana@acme.io\n2,bo@acme.io\n")))
    assert "there is no column 'id'" in message
    assert "a…@acme.io" in message
    (tmp_path / "users.csv").write_text("ana@acme.io\nbo@acme.io\n")
    (left,) = survey(tmp_path).unknown
    assert left.why == "it has one column only, 'a…@acme.io'"


def test_an_unknown_kind(users):
    message = said(MappingError, lambda: users("id,email\n", kind="person"))
    assert "source 'app_users': kind: 'person' is not a kind; it is one of visitor, user, clickstream" in message


def test_an_unknown_kind_among_those_chosen_by_row(users):
    message = said(ConfigError, lambda: ig.KindBy("stage", {"customer": "client"}, "lead"))
    assert "'visitor', 'user'" in message


def test_every_fault_of_a_mapping_is_named(users):
    message = said(MappingError, lambda: users("id,email\n", attributes={"kind": "email"}, format="xlsx", colour="red"))
    for word in ("'kind' cannot be an attribute's name", "format", "colour: Unexpected keyword argument"):
        assert word in message


def test_a_source_of_which_no_row_could_be_told_from_another(users):
    message = said(MappingError, lambda: users("id,email\n", id=None, identifiers={}))
    assert "it has no id, and is no table of events either" in message


def test_two_sources_of_one_name(users):
    message = said(MappingError, lambda: ig.resolve(users("id,email\n"), users("id,email\n")))
    assert message == "source 'app_users': two sources have this name. Give each table its own name."


def test_an_ambiguous_reference(users):
    tenants = [ig.Source(name, kind="tenant", data=frame(id=["1"]), id="id") for name in ("eu_tenants", "us_tenants")]
    source = users("id,email,t\n", belongs_to={"tenant": "t"})
    message = said(MappingError, lambda: ig.resolve(source, *tenants))
    assert "source 'app_users': its reference to 'tenant' could mean 2 tables" in message
    assert "eu_tenants.id, us_tenants.id" in message


def test_a_reference_to_a_kind_that_no_table_holds(users):
    message = said(MappingError, lambda: ig.resolve(users("id,email,a\n", belongs_to={"crm_account": "a"})))
    assert "its reference to 'crm_account' could mean no tables" in message


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"identifiers": {"app.tenant_id": "t"}}, "'app.tenant_id' names a company, and its identifiers are of people"),
        (
            {"belongs_to": {"app.user_id": "t"}},
            "'app.user_id' names a person, and the ids in belongs_to are of companies",
        ),
        ({"same_as": {"salesforce_accounts.id": "t"}}, "and the ids in same_as are of people"),
    ],
)
def test_an_id_in_a_place_where_it_would_fuse_or_lose_people(users, mapping, words):
    message = said(MappingError, lambda: ig.resolve(users("id,email,t\n1,ana@acme.io,t1\n", **mapping)))
    assert words in message
    assert "Who belongs where goes into belongs_to" in message


def test_a_reference_by_a_type_that_the_tables_ids_are_not_of(users):
    leads = ig.Source("leads", kind="lead", data=frame(id=["1"], u=["u1"]), id="id", same_as={"app_users.id": "u"})
    message = said(MappingError, lambda: ig.resolve(leads, users("id,email\n", id_type="app.user_id")))
    assert "means 'app_users', whose ids are of the type 'app.user_id'. Write 'app.user_id' in its place" in message


@pytest.mark.parametrize("name", ["kind", "record_id", "records", "emails", "record", "Title"])
def test_a_reserved_name_of_an_attribute(users, name):
    message = said(MappingError, lambda: users("id,email\n", attributes={name: "email"}))
    assert f"{name!r} cannot be an attribute's name" in message


def test_a_frame_with_a_column_of_our_own_name():
    source = ig.Source("app_users", kind="user", data=frame(id=["1"], __row=["7"]), id="id")
    assert "'__row', which is a name of ours. Rename it." in said(MappingError, lambda: ig.resolve(source))


def test_something_that_is_no_data():
    message = said(MappingError, lambda: ig.Source("app_users", kind="user", data=None, id="id"))
    assert "give a path, a glob, a list of them, or a frame" in message


def test_something_that_is_no_source(users):
    assert "resolve(*sources)" in said(ConfigError, lambda: ig.resolve([users("id,email\n")]))
    assert "there is no source to resolve" in said(ConfigError, ig.resolve)


# Settings


def test_an_unknown_rule(users):
    config = ig.Config(without=("emial",))
    message = said(ConfigError, lambda: ig.resolve(users("id,email\n"), config=config))
    assert "there is no rule 'emial' to leave out" in message
    for word in ("email", "visitor-lead", "email:contact-lead", "source_merge"):
        assert word in message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"region": "UK"}, ["region: 'UK' is no ISO 3166 code", "GB"]),
        ({"timezone": "Europe/Roma"}, ["timezone: 'Europe/Roma' is no IANA time zone", "Europe/Rome"]),
        ({"without": "email"}, ["without"]),
        ({"types": [{"name": "email", "trust": "high"}]}, ["trust", "'contact'"]),
        ({"colour": "red"}, ["colour: Extra inputs are not permitted"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_unknown_setting(settings, words):
    message = said(ConfigError, lambda: ig.Config(**settings))
    for word in words:
        assert word in message


# Repeated ids


def test_of_repeated_ids_the_newest_row_is_the_record_and_older_ones_are_dated_evidence(users):
    text = "id,email,name,changed\n1,new@acme.io,New,2026-02-01\n1,old@acme.io,Old,2026-01-01\n"
    graph = ig.resolve(users(text, version="changed", attributes={"full_name": "name"}))
    person = graph.profile("app_users:1")
    assert (person["records"], person["full_name"]) == (1, "New")
    dated = graph.identifiers.sort("observed_at").select("value", "observed_at", "observed_basis").rows()
    assert dated == [
        ("old@acme.io", datetime(2026, 1, 1, tzinfo=UTC), "updated"),
        ("new@acme.io", datetime(2026, 2, 1, tzinfo=UTC), "updated"),
    ]


def test_a_version_may_be_a_number(users):
    text = "id,email,name,rev\n1,a@acme.io,Ninth,9\n1,b@acme.io,Tenth,10\n"
    graph = ig.resolve(users(text, version="rev", attributes={"full_name": "name"}))
    assert graph.profiles["full_name"].to_list() == ["Tenth"]


def test_a_version_that_cannot_be_read_is_refused_alone(users):
    text = "id,email,rev\n1,a@acme.io,soon\n1,b@acme.io,10\n"
    graph = ig.resolve(users(text, version="rev"))
    assert lost(graph) == [("app_users", "users.csv", 1, "value", "rev", "soon", "not_a_version")]


def test_repeated_rows_that_say_the_same_are_one(users):
    graph = ig.resolve(users("id,email\n1,bo@acme.io\n2,cy@acme.io\n1,bo@acme.io\n"))
    assert graph.records.height == 2
    assert graph.rejects.is_empty()


def test_repeated_rows_that_contradict_each_other_are_named(users):
    text = "id,email\nana@acme.io,bo@acme.io\n2,cy@acme.io\nana@acme.io,di@acme.io\n"
    message = said(MappingError, lambda: ig.resolve(users(text)))
    assert "source 'app_users': rows 1 and 3 have the id 'a…@acme.io' and contradict each other" in message
    assert "version=…" in message
    assert "bo@acme.io" not in message


# Rows and values


def test_one_bad_row_in_a_million_loses_that_row_alone(tmp_path):
    path = tmp_path / "users.csv"
    rows = pl.DataFrame({"id": pl.int_range(1, 1_000_001, eager=True)}).with_columns(plan=pl.lit("free"))
    rows.write_csv(path)
    text = path.read_bytes().replace(b"\n777777,free\n", b"\n777777,free,surplus,more\n")
    path.write_bytes(text)
    graph = ig.resolve(ig.Source("app_users", kind="user", data=str(path), id="id", attributes={"plan": "plan"}))
    assert graph.records.height == 999_999
    ((source, _, row, grain, _, value, reason),) = lost(graph)
    assert (source, row, grain, value) == ("app_users", 777_777, "row", "777777,free,surplus,more")
    assert "4" in reason


def test_an_id_that_says_there_is_none_loses_its_row(users):
    graph = ig.resolve(users("id,email\nNULL,a@acme.io\n,b@acme.io\nundefined,c@acme.io\n7,d@acme.io\n"))
    assert graph.records["record_id"].to_list() == ["app_users:7"]
    assert lost(graph) == [
        ("app_users", "users.csv", 1, "row", "id", None, "no_id"),
        ("app_users", "users.csv", 2, "row", "id", None, "no_id"),
        ("app_users", "users.csv", 3, "row", "id", "undefined", "null_like"),
    ]


def test_a_bad_value_is_refused_alone(users):
    text = "id,email,phone,t\n1,5f4dcc3b5aa765d61d8327deb882cf99,+14152007986,T1\n"
    graph = ig.resolve(users(text, identifiers={"email": "email", "phone": "phone"}, belongs_to={"app.tenant_id": "t"}))
    assert graph.profile("app_users:1")["phone"] == "+14152007986"
    assert graph.members.height == 1
    assert lost(graph) == [
        ("app_users", "users.csv", 1, "value", "email", "5f4dcc3b5aa765d61d8327deb882cf99", "hashed"),
    ]


@pytest.mark.parametrize(
    ("website", "domains", "refused"),
    [
        ("+39 02 1234 5678", [], [("+39 02 1234 5678", "not_a_domain")]),
        ("see our  website", [], [("see our website", "not_a_domain")]),
        ("acme.io acme.de", ["acme.de", "acme.io"], []),
        ("www.acme.io/en (main site)", ["acme.io"], [("(main site)", "not_a_domain")]),
        ("acme.io; 212 555 0100", ["acme.io"], [("212 555 0100", "not_a_domain")]),
        ("linkedin.com/company/acme, acme.io", ["acme.io"], [("linkedin.com/company/acme", "profile_page")]),
    ],
)
def test_a_website_that_is_none_is_refused_once_however_many_blanks_it_has(website, domains, refused):
    data = frame(id=["1"], site=[website])
    graph = ig.resolve(ig.Source("crm", kind="crm_account", data=data, id="id", identifiers={"domain": "site"}))
    assert graph.identifiers["value"].sort().to_list() == domains
    assert graph.rejects.select("value", "reason").rows() == refused


def test_a_company_that_is_its_own_owner_is_said_and_owned_by_nobody():
    data = frame(
        Id=["0015g000000QwkIAAS", "0015g000000QwkLAAS"],
        parent=["0015g000000QwkI", "0015g000000QwkIAAS"],
    )
    accounts = ig.Source(
        "salesforce_accounts",
        kind="crm_account",
        data=data,
        id="Id",
        id_type="salesforce_accounts.id",
        owned_by={"salesforce_accounts.id": "parent"},
    )
    graph = ig.resolve(accounts)
    assert [(row[2], row[4], row[5], row[6]) for row in lost(graph)] == [
        (1, "parent", "0015g000000QwkI", "owns_itself"),
    ]
    assert graph.hierarchy.height == 1
    assert graph.accounts["ultimate_parent_id"].is_not_null().sum() == 1


def test_an_attribute_of_several_fields_is_text_as_json_has_it():
    data = frame(id=["1", "2"], name=[{"en": "Acme", "de": None}, None])
    graph = ig.resolve(ig.Source("crm", kind="crm_account", data=data, id="id", attributes={"name": "name"}))
    assert graph.records.sort("native_id")["name"].to_list() == ['{"en":"Acme","de":null}', None]


def test_times_that_are_none_are_refused_and_their_records_stay(users):
    times = ["soon", "2026-02-30", "31/31/2026", "0001-01-01", "", "2026-01-05"]
    text = "id,t\n" + "".join(f"{number},{time}\n" for number, time in enumerate(times, 1))
    graph = ig.resolve(users(text, identifiers={}, time="t"))
    assert graph.records.height == 6
    assert [(row[2], row[5], row[6]) for row in lost(graph)] == [
        (number, time, "not_a_time") for number, time in enumerate(times[:4], 1)
    ]
    assert graph.records["first_seen"].drop_nulls().to_list() == [datetime(2026, 1, 5, tzinfo=UTC)]


@pytest.mark.parametrize(
    "written",
    ["1767607200", "1767607200000", "1767607200000000", "2026-01-05T10:00:00Z", "2026-01-05 11:00:00+01:00"],
)
def test_one_moment_however_it_is_written(users, written):
    graph = ig.resolve(users(f"id,t\n1,{written}\n", identifiers={}, time="t"))
    assert graph.records["first_seen"].to_list() == [datetime(2026, 1, 5, 10, tzinfo=UTC)]


def test_a_time_without_a_zone_is_in_the_zone_of_the_settings(users):
    source = users("id,t\n1,2026-01-05 11:00:00\n", identifiers={}, time="t")
    graph = ig.resolve(source, config=ig.Config(timezone="Europe/Rome"))
    assert graph.records["first_seen"].to_list() == [datetime(2026, 1, 5, 10, tzinfo=UTC)]


def test_ids_are_text_whatever_they_look_like(users):
    """A leading zero, more digits than a number keeps, and an integer that pandas turned into a float."""
    graph = ig.resolve(users("id,email\n007,\n123456789012345678901,\n"))
    assert graph.records["native_id"].sort().to_list() == ["007", "123456789012345678901"]
    numbers = ig.Source("app_users", kind="user", data=frame(id=[7.0, 8.0]), id="id")
    assert ig.resolve(numbers).records["native_id"].sort().to_list() == ["7", "8"]


# Folders


def test_a_folder_that_is_not_there(tmp_path):
    message = said(SourceError, lambda: ig.discover(tmp_path / "nope"))
    assert "nope" in message
    assert "there is no such folder" in message


def test_a_folder_with_nothing_known_in_it(tmp_path):
    (tmp_path / "people.csv").write_text("id,first_name\n1,Ana\n")
    (tmp_path / "notes.md").write_text("remember the milk\n")
    message = said(SourceError, lambda: ig.discover(tmp_path))
    assert "no known export is in this folder; it holds people.csv." in message
    assert "idgraph.toml" in message
    (tmp_path / "people.csv").write_text("")
    message = said(SourceError, lambda: ig.discover(tmp_path))
    assert "people.csv is empty. Export it again" in message
    assert "idgraph.toml" not in message
    (tmp_path / "people.csv").unlink()
    message = said(SourceError, lambda: ig.discover(tmp_path))
    assert "it holds no CSV, TSV, JSON or Parquet file. Name the folder" in message


def test_what_an_earlier_run_wrote_is_no_export(users, tmp_path):
    (tmp_path / "app_users.csv").write_text("user_id,email,tenant_id\nu1,ana@acme.io,t1\n")
    ig.resolve(*ig.discover(tmp_path)).write(tmp_path / "out", "csv")
    again = ig.discover(tmp_path)
    assert [source.name for source in again] == ["app_users"]
    assert again.unknown == ()


# Output


@pytest.fixture(scope="module")
def graph() -> ig.Graph:
    people = frame(id=["1", "2"], email=["ana@acme.io", "bo@acme.io"])
    return ig.resolve(ig.Source("app_users", kind="user", data=people, id="id", identifiers={"email": "email"}))


def test_a_folder_of_somebody_else_is_left_alone(graph, tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    message = said(OutputError, lambda: graph.write(tmp_path))
    assert "holds files that idgraph did not write, such as thesis.doc" in message
    assert "Name a new or empty folder" in message
    assert (tmp_path / "thesis.doc").read_text() == "years of work"


def test_a_folder_of_ours_with_something_else_in_it_is_left_alone(graph, tmp_path):
    out = graph.write(tmp_path / "out")
    (out / "thesis.doc").write_text("years of work")
    assert "such as thesis.doc" in said(OutputError, lambda: graph.write(out))
    assert (out / "thesis.doc").read_text() == "years of work"


def test_a_run_file_of_another_tool_does_not_make_a_folder_ours(graph, tmp_path):
    (tmp_path / "run.json").write_text('{"tool": "another"}')
    said(OutputError, lambda: graph.write(tmp_path))
    assert (tmp_path / "run.json").read_text() == '{"tool": "another"}'


def test_a_file_where_the_folder_is_to_be(graph, tmp_path):
    (tmp_path / "out").write_text("a file")
    assert "out is a file" in said(OutputError, lambda: graph.write(tmp_path / "out"))


def test_a_place_where_nothing_can_be_written(graph, tmp_path):
    (tmp_path / "file").write_text("a file")
    message = said(OutputError, lambda: graph.write(tmp_path / "file" / "out"))
    assert "out cannot be written to" in message
    assert "that is a file" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="this user may write everywhere")
def test_a_place_where_one_may_not_write(graph, tmp_path):
    tmp_path.chmod(0o500)
    assert "you may not write there" in said(OutputError, lambda: graph.write(tmp_path / "out"))
    tmp_path.chmod(0o700)


FULL_DISK = """
import resource, sys
import polars as pl
import idgraph as ig

people = pl.DataFrame({"id": pl.int_range(20_000, eager=True).cast(pl.String)})
graph = ig.resolve(ig.Source("app_users", kind="user", data=people, id="id"))
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    graph.write(sys.argv[1], sys.argv[2])
except ig.IdgraphError as error:
    sys.exit(f"said: {error}")
"""


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_a_full_disk_leaves_the_earlier_output_and_nothing_half_written(graph, tmp_path, format):
    """Simulated: no file may grow beyond ten thousand bytes."""
    pytest.importorskip("resource", reason="limits on the size of files are POSIX")
    out = graph.write(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(out), format], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "File too large" in done.stderr
    assert "what was there before still is" in done.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert ig.open(out).profiles.height == 2


def test_a_folder_that_is_no_graph(tmp_path):
    message = said(OutputError, lambda: ig.open(tmp_path))
    assert "holds no run.json of ours, so it is no graph" in message
    assert "idgraph merge" in message


def test_a_graph_with_a_part_missing(graph, tmp_path):
    out = graph.write(tmp_path / "out")
    (out / "links.parquet").unlink()
    assert "lacks links.parquet" in said(OutputError, lambda: ig.open(out))


def test_a_graph_written_as_csv_cannot_be_opened(graph, tmp_path):
    out = graph.write(tmp_path / "out", "csv")
    message = said(OutputError, lambda: ig.open(out))
    assert "was written as csv, which keeps no dtypes" in message
    assert "--format parquet" in message
