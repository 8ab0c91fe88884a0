"""What people ask of a graph: who this is, why, who belongs where, how good it is; and that it survives a folder."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError, NotFoundError, OutputError
from idgraph.schema import FRAMES


def table(*rows: tuple[Any, ...], columns: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(columns.split(), pl.String), orient="row")


def sources() -> list[ig.Source]:
    """Ana in five systems, Bo in two, one more person at another company; Acme as a tenant and twice in the CRM."""
    return [
        ig.Source(
            "app_users",
            kind="user",
            data=table(
                ("u1", "ana@acme.io", "device-aa", "t1", "Ana Silva", "2026-01-02", "2026-02-01"),
                ("u2", "bo@acme.io", None, "t1", "Bo Larsen", "2026-01-03", "2026-01-03"),
                columns="id email device tenant name created updated",
            ),
            id="id",
            id_type="app.user_id",
            time="created",
            version="updated",
            identifiers={"email": "email", "device": "device"},
            attributes={"full_name": "name"},
            belongs_to={"tenant": "tenant"},
        ),
        ig.Source(
            "crm_contacts",
            kind="contact",
            data=table(
                ("3", "Ana@Acme.io", "a1", None, "CTO", "2026-03-01"),
                ("4", "cy@beta.de", "a3", "Cy Young", None, "2026-03-02"),
                columns="id email account name title created",
            ),
            id="id",
            time="created",
            identifiers={"email": "email"},
            attributes={"full_name": "name", "title": "title"},
            belongs_to={"crm_accounts.id": "account"},
        ),
        ig.Source(
            "crm_leads",
            kind="lead",
            data=table(("9", "ana@silva.org", "3", "A. Silva", "2025-12-01"), columns="id email contact name created"),
            id="id",
            time="created",
            identifiers={"email": "email"},
            attributes={"full_name": "name"},
            same_as={"crm_contacts.id": "contact"},
        ),
        ig.Source(
            "web_visits",
            kind="visitor",
            data=table((None, "device-aa", "2026-01-01"), ("u1", "device-aa", "2026-01-02"), columns="user device at"),
            time="at",
            identifiers={"app.user_id": "user", "device": "device"},
        ),
        ig.Source(
            "app_tenants",
            kind="tenant",
            data=table(("t1", "Acme workspace", "2026-01-01"), columns="id name created"),
            id="id",
            id_type="app.tenant_id",
            time="created",
            attributes={"name": "name"},
        ),
        ig.Source(
            "crm_accounts",
            kind="crm_account",
            data=table(
                ("a1", "https://www.acme.io/", "Acme", "2024-01-01"),
                ("a2", "acme.io", "ACME Inc.", "2025-01-01"),
                ("a3", "beta.de", "Beta GmbH", "2025-01-01"),
                columns="id website name created",
            ),
            id="id",
            time="created",
            identifiers={"domain": "website"},
            attributes={"name": "name"},
        ),
    ]


ANA = [
    "app_users:u1",
    "crm_contacts:3",
    "crm_leads:9",
    "web_visits:u1|device-aa",
    "web_visits:|device-aa",
]


@pytest.fixture(scope="module")
def graph() -> ig.Graph:
    return ig.resolve(*sources())


# Asking


def test_a_profile_by_its_id_and_by_each_of_its_records(graph):
    ana = graph.profile("app_users:u1")
    assert ana["record_ids"] == ANA
    assert {graph.profile(record)["entity_id"] for record in ANA} == {ana["entity_id"]}
    assert graph.profile(ana["entity_id"]) == ana
    counts = {name: ana[name] for name in ana if name.endswith("_records")}
    assert counts == {
        "visitor_records": 2,
        "user_records": 1,
        "clickstream_records": 0,
        "contact_records": 1,
        "lead_records": 1,
    }
    assert (ana["first_seen"], ana["last_seen"]) == (
        datetime(2025, 12, 1, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert sorted(ana["emails"]) == ["ana@acme.io", "ana@silva.org"]
    assert (ana["weakest_rule"], ana["weakest_weight"]) == ("device", 9.0)


def test_an_account_by_its_id_and_by_each_of_its_records(graph):
    acme = graph.account("crm_accounts:a1")
    assert acme["record_ids"] == ["app_tenants:t1", "crm_accounts:a1", "crm_accounts:a2"]
    assert graph.account("app_tenants:t1") == graph.account(acme["entity_id"]) == acme
    assert acme["domains"] == ["acme.io"]
    tenant = graph.tenants.row(0, named=True)
    assert tenant["account_id"] == acme["entity_id"]


@pytest.mark.parametrize(
    ("ask", "id", "words"),
    [
        ("profile", "app_users:nobody", "there is no record 'app_users:nobody' in this graph. Record ids are"),
        ("profile", "app_user:u1", "there is no record 'app_user:u1' in this graph. Did you mean app_users:u1 or"),
        ("how", "app_user:u1", "Did you mean app_users:u1 or"),
        ("profile", "app_users:dora@acme.io", "'app_users:d…@acme.io'"),
        ("profile", "prf_0000000000000000", "there is no entity 'prf_0000000000000000'"),
        ("profile", "crm_accounts:a1", "is not in profiles; it is in accounts"),
        ("account", "app_users:u1", "is not in accounts; it is in profiles"),
        ("to_networkx", "app_users:nobody", "there is no record"),
    ],
)
def test_asking_for_what_is_not_there(graph, ask, id, words):
    with pytest.raises(NotFoundError) as told:
        getattr(graph, ask)(id)
    assert words in str(told.value)


@pytest.mark.parametrize("id", [None, 7])
def test_ids_are_texts(graph, id):
    for ask in (graph.profile, graph.how, lambda id: graph.explain("app_users:u1", id)):
        with pytest.raises(ConfigError, match=f"id={id} cannot be used: it takes the id of a record or an entity"):
            ask(id)


def test_a_record_may_be_named_like_an_entity():
    people = table(("1", "ana@acme.io"), columns="id email")
    graph = ig.resolve(ig.Source("acc_users", kind="user", data=people, id="id", identifiers={"email": "email"}))
    assert graph.profile("acc_users:1")["record_ids"] == ["acc_users:1"]


def test_the_crosswalk_lists_the_ids_of_every_person_by_system(graph):
    ids = {row["profile_id"]: row for row in graph.crosswalk().to_dicts()}
    assert len(ids) == graph.profiles.height == 3
    ana = ids[graph.profile("app_users:u1")["entity_id"]]
    assert ana == {
        "profile_id": ana["profile_id"],
        "app_users": ["u1"],
        "crm_contacts": ["3"],
        "crm_leads": ["9"],
        "web_visits": ["u1|device-aa", "|device-aa"],
    }
    bo = ids[graph.profile("app_users:u2")["entity_id"]]
    assert (bo["app_users"], bo["crm_contacts"]) == (["u2"], None)


def test_an_entity_drawn_is_connected_and_says_what_holds_it(graph):
    drawn = graph.to_networkx("app_users:u1")
    assert nx.is_connected(drawn)
    assert {node for node in drawn if isinstance(node, str)} == set(ANA)
    assert ("email", "email", "ana@acme.io") in drawn
    assert drawn.edges["crm_contacts:3", "crm_leads:9"]["rule"] == "source_merge"
    assert nx.utils.graphs_equal(drawn, graph.to_networkx(graph.profile("app_users:u1")["entity_id"]))
    assert list(graph.to_networkx("crm_contacts:4")) == ["crm_contacts:4", ("email", "email", "cy@beta.de")]


def test_a_frame_that_a_graph_does_not_have(graph):
    with pytest.raises(AttributeError, match="a Graph has no 'people'; its frames are records, identifiers"):
        _ = graph.people
    assert {"profiles", "explain"} <= set(dir(graph))
    assert "3 profiles, 2 accounts" in repr(graph)


# Explaining


def test_why_two_records_are_one(graph):
    found = graph.explain("web_visits:|device-aa", "crm_leads:9")
    assert (found.same, found.level) == (True, "person")
    assert [step.rule for step in found.steps] == ["device", "email", "source_merge"]
    assert found.weakest.rule == "device"
    text = str(found)
    assert text.startswith("web_visits:|device-aa and crm_leads:9 are one person:")
    assert text.count("← weakest") == 1
    assert "ana@acme.io" not in text
    assert "a…@acme.io" in text


def test_why_two_companies_are_one(graph):
    assert graph.explain("app_tenants:t1", "crm_accounts:a2").level == "account"


def test_why_two_records_are_not_one(graph):
    found = graph.explain("app_users:u2", "crm_contacts:4")
    assert (found.same, found.steps) == (False, [])
    assert found.reasons[0] == "they share no identifier, and no chain of records joins them"
    assert "nobody was compared by likeness" in found.reasons[1]


def test_a_person_and_a_company_are_not_one(graph):
    direct = graph.explain("app_users:u1", "app_tenants:t1")
    assert (direct.same, direct.level, direct.member) == (False, None, True)
    assert "are a person and a company; the person belongs to it:" in str(direct)
    assert not graph.explain("crm_contacts:4", "crm_accounts:a1").member


def test_explaining_a_record_that_is_not_there(graph):
    with pytest.raises(NotFoundError, match=r"no record 'crm_contacts:d…@acme\.io'.*'<source>:<native id>'"):
        graph.explain("app_users:u1", "crm_contacts:dora@acme.io")


def test_what_is_explained_for_machines_is_masked_too(graph):
    told = graph.explain("app_users:u1", "crm_contacts:3").as_dict()
    assert told["steps"] == [
        {
            "left_id": "app_users:u1",
            "right_id": "crm_contacts:3",
            "rule": "email",
            "type": "email",
            "value": "a…@acme.io",
            "weight": 14.0,
            "weakest": True,
            "parts": [],
        }
    ]


def test_an_example_worth_explaining(graph):
    left, right = graph.example()
    assert {left, right} < set(ANA)
    assert len(graph.explain(left, right).steps) > 1
    with pytest.raises(NotFoundError, match="no profile has two records"):
        ig.resolve(sources()[1]).example()


# Survivorship


def survivors(*rows: tuple[str, str, str | None, str | None]) -> dict[str, Any]:
    """Resolve records (source, id, name, time) of one address, and show the profile."""
    found = []
    for name in sorted({row[0] for row in rows}):
        held = table(*[(*row[1:], "ana@acme.io") for row in rows if row[0] == name], columns="id title at email")
        found.append(
            ig.Source(
                name,
                kind="contact",
                data=held,
                id="id",
                time="at",
                identifiers={"email": "email"},
                attributes={"title": "title"},
            )
        )
    (profile,) = ig.resolve(*found).profiles.to_dicts()
    return profile


def test_the_latest_value_survives_and_says_where_it_came_from():
    profile = survivors(("a_crm", "1", "CTO", "2026-02-01"), ("b_crm", "1", "Engineer", "2026-01-01"))
    assert (profile["title"], profile["title_record_id"]) == ("CTO", "a_crm:1")


def test_the_latest_record_does_not_erase_what_it_does_not_know():
    profile = survivors(("a_crm", "1", None, "2026-02-01"), ("b_crm", "1", "Engineer", "2026-01-01"))
    assert (profile["title"], profile["title_record_id"]) == ("Engineer", "b_crm:1")


def test_of_values_of_one_time_the_first_source_and_record_survive():
    at = "2026-01-01"
    profile = survivors(("b_crm", "1", "CTO", at), ("a_crm", "2", "CEO", at), ("a_crm", "1", "CFO", at))
    assert (profile["title"], profile["title_record_id"]) == ("CFO", "a_crm:1")


def test_a_value_without_a_time_comes_last():
    profile = survivors(("a_crm", "1", "CTO", None), ("b_crm", "1", "Engineer", "2020-01-01"))
    assert profile["title"] == "Engineer"


# Members


def test_members_say_through_what_since_when_and_which_is_primary(graph):
    ana, bo, cy = (graph.profile(record)["entity_id"] for record in ("app_users:u1", "app_users:u2", "crm_contacts:4"))
    acme, beta = (graph.account(record)["entity_id"] for record in ("crm_accounts:a1", "crm_accounts:a3"))
    rows = {(row["profile_id"], row["account_id"]): row for row in graph.members.to_dicts()}
    assert {pair: row["via"] for pair, row in rows.items()} == {
        (ana, acme): "crm",
        (bo, acme): "tenant",
        (cy, beta): "crm",
    }
    assert rows[ana, acme]["since"] == datetime(2026, 2, 1, tzinfo=UTC)
    assert rows[ana, acme]["tenant_ids"] == graph.tenants["entity_id"].to_list()
    assert rows[cy, beta]["tenant_ids"] in (None, [])
    assert all(row["is_primary"] for row in rows.values())


def test_the_primary_account_is_the_one_known_in_the_strongest_way():
    people = table(
        ("1", "ana@gamma.fr", "t1", "a1", "2026-01-01"),
        ("2", "bo@delta.pt", "t1", None, "2026-01-01"),
        ("3", "cy@delta.pt", "t1", None, "2026-01-01"),
        ("4", "di@alpha.it", None, "a1", "2026-01-01"),
        ("5", "ed@alpha.it", None, "a1", "2026-01-01"),
        columns="id email tenant account at",
    )
    accounts = table(("a1", "alpha.it"), ("a3", "gamma.fr"), columns="id domain")
    users = ig.Source(
        "app_users",
        kind="user",
        data=people,
        id="id",
        time="at",
        identifiers={"email": "email"},
        belongs_to={"app.tenant_id": "tenant", "crm_accounts.id": "account"},
    )
    crm = ig.Source("crm_accounts", kind="crm_account", data=accounts, id="id", identifiers={"domain": "domain"})
    graph = ig.resolve(users, crm)
    ana = graph.members.filter(pl.col("profile_id") == graph.profile("app_users:1")["entity_id"])
    ways = ana.sort("weight", descending=True).select("via", "is_primary").rows()
    assert ways == [("crm", True), ("tenant", False), ("domain", False)]


def test_an_address_tells_the_company_and_not_the_workspace():
    """Bo writes from Acme's domain, as the users of its workspace do, but nobody said that he uses it."""
    users = ig.Source(
        "app_users",
        kind="user",
        data=table(("1", "ana@acme.io", "t1"), columns="id email tenant"),
        id="id",
        identifiers={"email": "email"},
        belongs_to={"app.tenant_id": "tenant"},
    )
    leads = ig.Source(
        "crm_leads",
        kind="lead",
        data=table(("2", "bo@acme.io"), columns="id email"),
        id="id",
        identifiers={"email": "email"},
    )
    graph = ig.resolve(users, leads)
    bo = graph.members.filter(pl.col("profile_id") == graph.profile("crm_leads:2")["entity_id"]).row(0, named=True)
    assert (bo["via"], bo["tenant_ids"]) == ("domain", None)
    assert bo["account_id"] == graph.account("app_tenants:t1")["entity_id"]


# Ids


def test_ids_change_with_the_key_and_with_nothing_else(graph):
    again = ig.resolve(*reversed(sources()))
    keyed = ig.resolve(*sources(), config=ig.Config(id_key="secret"))
    other = ig.resolve(*sources(), config=ig.Config(id_key="another"))
    ids = [set(found.profiles["entity_id"]) for found in (graph, again, keyed, other)]
    assert ids[0] == ids[1]
    assert not ids[0] & ids[2]
    assert not ids[2] & ids[3]
    assert keyed.profiles.height == graph.profiles.height
    assert "secret" not in json.dumps(keyed.run)
    assert "secret" not in repr(keyed.config)
    assert keyed.run["id_key"] is True


# Folders


def test_a_graph_written_and_opened_is_the_same(graph, tmp_path):
    out = graph.write(tmp_path / "deep" / "out")
    opened = ig.open(out)
    for name in FRAMES:
        assert getattr(opened, name).equals(getattr(graph, name)), name
    assert opened.counts() == graph.counts()
    assert opened.summary() == graph.summary()
    assert str(opened.explain("app_users:u1", "crm_leads:9")) == str(graph.explain("app_users:u1", "crm_leads:9"))
    opened.write(out)
    assert ig.open(out).profile("app_users:u1") == graph.profile("app_users:u1")


def test_what_is_written_is_for_its_owner_alone(graph, tmp_path):
    for format in ("parquet", "csv"):
        out = graph.write(tmp_path / format, format)
        assert stat.S_IMODE(out.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
        assert {path.name for path in out.iterdir()} == {*(f"{name}.{format}" for name in FRAMES), "run.json"}


def test_the_run_file_has_counts_and_no_values(graph, tmp_path):
    text = (graph.write(tmp_path / "out") / "run.json").read_text()
    run = json.loads(text)
    assert run["counts"]["profiles"] == 3
    assert run["idgraph"] == ig.__version__
    assert [source["name"] for source in run["sources"]] == sorted(source.name for source in sources())
    for value in ("acme.io", "Silva", "device-aa", str(tmp_path)):
        assert value not in text


def test_a_spreadsheet_runs_nothing_of_what_is_written(tmp_path):
    texts = ["=cmd|' /C calc'!A0", "@SUM(A1)", "+A1", "-A1", "\tx", "-3.5", "+14152007986", "Ana - Silva", "1e5"]
    people = pl.DataFrame({"id": [f"n{place}" for place in range(len(texts))], "note": texts})
    graph = ig.resolve(ig.Source("crm_contacts", kind="contact", data=people, id="id", attributes={"note": "note"}))
    written = pl.read_csv(graph.write(tmp_path / "out", "csv") / "records.csv", infer_schema_length=0)
    assert written.sort("native_id")["note"].to_list() == [
        "'=cmd|' /C calc'!A0",
        "'@SUM(A1)",
        "'+A1",
        "'-A1",
        "x",
        "-3.5",
        "+14152007986",
        "Ana - Silva",
        "1e5",
    ]


def test_lists_in_csv_are_joined_and_safe(graph, tmp_path):
    written = pl.read_csv(graph.write(tmp_path / "out", "csv") / "profiles.csv")
    assert "ana@acme.io;ana@silva.org" in {";".join(sorted((cell or "").split(";"))) for cell in written["emails"]}


# Frames from elsewhere


def records(*ids: str, kind: str = "contact") -> pl.DataFrame:
    return pl.DataFrame({"record_id": ids, "kind": [kind] * len(ids)})


def test_links_of_another_tool_are_collapsed_and_explained():
    links = pl.DataFrame(
        {"left_id": ["a", "b"], "right_id": ["b", "c"], "rule": ["name", "name"], "weight": [12.5, 3.0]}
    )
    graph = ig.Graph.from_frames(records=records("a", "b", "c", "d"), links=links)
    assert graph.profile("a")["record_ids"] == ["a", "b", "c"]
    assert (graph.profile("a")["weakest_rule"], graph.profile("a")["weakest_weight"]) == ("name", 3.0)
    assert [step.weight for step in graph.explain("a", "c").steps] == [12.5, 3.0]
    assert graph.links.height == 2
    assert not graph.explain("a", "d").same


def test_links_of_another_tool_may_say_no_more_than_who():
    graph = ig.Graph.from_frames(records=records("a", "b"), links=pl.DataFrame({"left_id": ["b"], "right_id": ["a"]}))
    assert graph.links.select("left_id", "right_id", "rule", "state").rows() == [("a", "b", "given", "used")]
    assert graph.explain("a", "b").same


def test_links_that_are_not_used_join_nobody():
    links = pl.DataFrame({"left_id": ["a"], "right_id": ["b"], "rule": ["name"], "state": ["rejected"]})
    graph = ig.Graph.from_frames(records=records("a", "b"), links=links)
    assert graph.profiles.height == 2
    assert "a link by name is in state rejected" in str(graph.explain("a", "b"))


def test_identifiers_of_another_tool_join_their_holders():
    held = pl.DataFrame({"record_id": ["a", "b", "c"], "type": ["email"] * 3, "value": ["x@y.io", "x@y.io", "z@y.io"]})
    graph = ig.Graph.from_frames(records=records("a", "b", "c"), identifiers=held)
    assert graph.profile("a")["record_ids"] == ["a", "b"]
    assert [(step.rule, step.weight) for step in graph.explain("a", "b").steps] == [("email", 14.0)]


def test_a_graph_from_its_own_frames_is_the_same(graph):
    names = ("records", "identifiers", "links", "memberships", "hierarchy", "aliases")
    again = ig.Graph.from_frames(**{name: getattr(graph, name) for name in names})
    for name in ("profiles", "accounts", "members", "links"):
        assert sorted(getattr(again, name).rows(), key=repr) == sorted(getattr(graph, name).rows(), key=repr), name


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ({"links": records("a")}, "from_frames takes records and any of identifiers, links"),
        ({"records": records("a"), "people": records("a")}, "got people, records"),
        ({"records": records("a").drop("kind")}, "records has no column 'kind'; its columns are record_id"),
        ({"records": records("a", "a")}, "records.record_id repeats 1 ids"),
        ({"records": records("a", kind="person")}, "records.kind holds person; a kind is one of visitor"),
        (
            {"records": records("a"), "links": pl.DataFrame({"left": ["a"], "right_id": ["a"]})},
            "links has no column 'left_id'",
        ),
        (
            {"records": records("a"), "links": pl.DataFrame({"left_id": ["a"], "right_id": ["crm:ana@acme.io"]})},
            "links.right_id holds 1 ids that records lacks, such as 'crm:a…@acme.io'",
        ),
        (
            {
                "records": pl.concat([records("a"), records("b", kind="tenant")]),
                "links": pl.DataFrame({"left_id": ["a"], "right_id": ["b"]}),
            },
            "links joins 'a' and 'b', a person and a company; who belongs where goes into memberships",
        ),
    ],
    ids=["no records", "unknown", "no kind", "repeated", "kind", "columns", "strangers", "mixed"],
)
def test_frames_that_cannot_be_used(frames, words):
    with pytest.raises(ConfigError) as told:
        ig.Graph.from_frames(**frames)
    assert words in str(told.value)


# Evaluating


TRUTH = pl.DataFrame(
    {"record_id": [*ANA, "app_users:u2", "crm_contacts:4"], "entity_id": ["ana"] * 4 + ["x", "bo", "cy"]}
)


def test_evaluation_against_a_truth(graph):
    """One of Ana's five records is somebody else's: of ten pairs four are wrong, and none is missing."""
    found = graph.evaluate(TRUTH)
    assert (found.records, found.pairs_found, found.pairs_true, found.pairs_right) == (7, 10, 6, 6)
    assert (found.precision, found.recall, round(found.f1, 9)) == (0.6, 1.0, 0.75)
    assert found.bcubed_precision == pytest.approx((4 * 4 / 5 + 1 / 5 + 2) / 7)
    assert found.bcubed_recall == 1.0


def test_evaluation_of_one_kind_and_of_companies(graph):
    assert graph.evaluate(TRUTH, kind="contact").records == 2
    companies = pl.DataFrame({"record_id": ["crm_accounts:a1", "crm_accounts:a3"], "entity_id": [1, 1]})
    assert graph.evaluate(companies, "account").recall == 0.0


@pytest.mark.parametrize(
    ("truth", "level", "words"),
    [
        (TRUTH, "people", "'people' is no level; it is one of person, tenant, account"),
        (TRUTH.rename({"entity_id": "cluster"}), "person", "the truth has no column 'entity_id'; its columns are"),
        (TRUTH, "tenant", "no record of the truth is in this graph on level tenant"),
        (pl.concat([TRUTH, TRUTH.head(1).with_columns(entity_id=pl.lit("z"))]), "person", "into several entities"),
    ],
    ids=["level", "columns", "strangers", "twice"],
)
def test_a_truth_that_cannot_be_one(graph, truth, level, words):
    with pytest.raises(ConfigError) as told:
        graph.evaluate(truth, level)
    assert words in str(told.value)


def test_every_frame_has_its_declared_columns(graph):
    for name, declared in FRAMES.items():
        frame = getattr(graph, name)
        assert isinstance(frame, pl.DataFrame)
        assert frame.columns[: len(declared.columns)] == list(declared.columns), name
        assert declared.attributes or len(frame.columns) == len(declared.columns), name


def test_the_settings_in_a_folder_are_those_of_the_run(tmp_path: Path):
    graph = ig.resolve(*sources(), config=ig.Config(without=("device",), region="US"))
    assert ig.open(graph.write(tmp_path / "out")).config == graph.config


def test_frames_can_be_written_alone(tmp_path):
    graph = ig.Graph.from_frames(records=pl.DataFrame({"record_id": ["app:1"], "kind": ["user"]}))
    out = graph.write(tmp_path / "out", frames=["profiles"])
    assert sorted(path.name for path in out.iterdir()) == ["profiles.parquet", "run.json"]
    with pytest.raises(OutputError, match=r"lacks records\.parquet"):
        ig.Graph.open(out)
    with pytest.raises(ConfigError, match="there is no frame 'profile'; the frames are records"):
        graph.write(tmp_path / "other", frames=["profile"])
    assert not (tmp_path / "other").exists()
