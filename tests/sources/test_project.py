"""`idgraph.toml`: the same as Python, every fault named, and no way to read more than was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

import idgraph as ig
from idgraph.errors import ConfigError
from idgraph.sources.project import PROJECT_FILE, load_project

GOOD = """\
[config]
region = "US"
timezone = "Europe/Rome"
without = ["visitor-lead", "source_merge"]

[[config.types]]
name = "loyalty_card"
trust = "contact"
weight = 12.0
limit = 2

[[source]]
name = "crm_contacts"
kind = { column = "stage", cases = { customer = "contact" }, otherwise = "lead" }
data = ["contacts/*.csv", "more.csv"]
id = "id"
identifiers = { email = ["email", "other_email"], loyalty_card = "card" }
attributes = { full_name = "name" }
belongs_to = { "crm_accounts.id" = "account_id" }

[[source]]
name = "web_visits"
kind = "visitor"
data = "visits.jsonl"
time = "at"
identifiers = { device = "properties.cookie" }
"""


def project(folder: Path, text: str | bytes) -> Path:
    path = folder / PROJECT_FILE
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def fault(folder: Path, text: str | bytes) -> str:
    with pytest.raises(ConfigError) as told:
        load_project(project(folder, text))
    assert str(told.value).startswith(PROJECT_FILE)
    return str(told.value)


def test_it_says_the_same_as_python(tmp_path):
    read = load_project(project(tmp_path, GOOD))
    card = ig.IdentifierType(name="loyalty_card", trust="contact", weight=12, limit=2)
    assert read.config == ig.Config(
        region="US", timezone="Europe/Rome", without=("visitor-lead", "source_merge"), types=(card,)
    )
    contacts, visits = read.sources
    assert contacts == ig.Source(
        "crm_contacts",
        kind=ig.KindBy("stage", {"customer": "contact"}, "lead"),
        data=[str(tmp_path / "contacts/*.csv"), str(tmp_path / "more.csv")],
        id="id",
        identifiers={"email": ["email", "other_email"], "loyalty_card": "card"},
        attributes={"full_name": "name"},
        belongs_to={"crm_accounts.id": "account_id"},
    )
    assert (visits.data, visits.is_events) == ([str(tmp_path / "visits.jsonl")], True)


def test_what_only_some_rows_are_and_hold(tmp_path):
    text = SOURCE.replace('"user"', '{ column = "role", cases = { agent = "none" }, otherwise = "contact" }')
    text += 'identifiers = { "app.user_id" = { column = "external_id", where = { role = ["user"] } } }\n'
    (source,) = load_project(project(tmp_path, text)).sources
    assert source.kind == ig.KindBy("role", {"agent": "none"}, "contact")
    assert source.identifiers == {"app.user_id": ig.ValueIf("external_id", {"role": ["user"]})}


def test_an_empty_file_is_the_defaults(tmp_path):
    assert load_project(project(tmp_path, "")).config == ig.Config()


def test_a_byte_order_mark_is_let_pass(tmp_path):
    assert load_project(project(tmp_path, b'\xef\xbb\xbf[config]\nregion = "US"\n')).config.region == "US"


SOURCE = '[[source]]\nname = "a"\nkind = "user"\ndata = "a.csv"\nid = "id"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[config\n", ["is no TOML", "line 1"]),
        (b"\xff\xfe", ["is no TOML"]),
        ('[config]\nregion = "US"\nregion = "IT"\n', ["is no TOML", "line 3"]),
        ("[config]\ncolour = 1\n", ["config.colour: Extra inputs are not permitted"]),
        ('[config]\nregion = "UK"\n', ["config.region: 'UK' is no ISO 3166 code"]),
        ('[[config.types]]\nname = "x"\ntrust = "high"\n', ["config.types.1.trust", "'contact'"]),
        ("sources = []\n", ["sources"]),
        (SOURCE.replace('"user"', '"person"'), ["source.1", "kind", "'person' is not a kind; it is one of visitor"]),
        (SOURCE.replace('name = "a"', 'name = "A B"'), ["source.1.name", "'A B' is not a source name"]),
        (SOURCE.replace('id = "id"\n', ""), ["source.1", "it has no id, and is no table of events either"]),
        (SOURCE + "colour = 1\n", ["source.1.colour"]),
        (SOURCE.replace('data = "a.csv"\n', ""), ["source.1.data: Field required"]),
        (SOURCE.replace('"a.csv"', "3"), ["source.1.data", "int is nothing to read"]),
        (SOURCE.replace('"a.csv"', "{ path = 1 }"), ["data", "is no path"]),
        (SOURCE + SOURCE.replace('"user"', '"x"').replace('"id"', "4"), ["source.2.kind", "source.2.id"]),
    ],
)
def test_each_fault_is_named_with_where_it_stands(tmp_path, text, words):
    message = fault(tmp_path, text)
    for word in words:
        assert word in message


def test_a_file_that_is_no_settings_file(tmp_path):
    assert "is larger than 1,048,576 bytes" in fault(tmp_path, "#" * ((1 << 20) + 1))


def test_sources_of_the_file_come_first_and_their_files_are_not_guessed_at(tmp_path):
    (tmp_path / "contacts.csv").write_text("hs_object_id,email,firstname\n1,ana@acme.io,Ana\n")
    (tmp_path / "users.csv").write_text("user_id,email,tenant_id\nu1,ana@acme.io,t1\n")
    project(
        tmp_path,
        '[[source]]\nname = "our_leads"\nkind = "lead"\ndata = "contacts.csv"\nid = "hs_object_id"\n'
        'identifiers = { email = "email" }\n',
    )
    found = ig.discover(tmp_path)
    assert [source.name for source in found] == ["app_users", "our_leads"]
    by_file = {item.path.name: (item.source, item.by) for item in found.recognised}
    assert by_file["contacts.csv"] == ("our_leads", (PROJECT_FILE,))
    graph = ig.resolve(*found)
    assert graph.profile("app_users:u1")["record_ids"] == ["app_users:u1", "our_leads:1"]


def test_paths_are_relative_to_the_file_wherever_one_stands(tmp_path, monkeypatch):
    (tmp_path / "exports" / "deep").mkdir(parents=True)
    (tmp_path / "exports" / "deep" / "a.csv").write_text("id\n1\n")
    project(tmp_path / "exports", SOURCE.replace('"a.csv"', '"**/a.csv"'))
    monkeypatch.chdir("/")
    assert ig.resolve(*ig.discover(tmp_path / "exports")).records["record_id"].to_list() == ["a:1"]
