"""The command line, as a shell and a machine see it: what it prints, what it leaves unsaid, how it ends."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import idgraph as ig
from idgraph.cli import app

COMMANDS = """\
Commands:
  discover  Say what each file of a folder would be taken for, and how to...
  merge     Discover, resolve and write: one run from exports to profiles...
  plan      Say what merge would do: counts by rule, values held by many,...
  explain   Say why two records are one person or company, or why not.
  report    Write one HTML page: summary, risks, search, what was...
  evaluate  Compare the entities with a known truth: pairwise and B-cubed...
  leads     Say to which account each lead goes, or why to none:...
  pql       Say which accounts are ready to buy, since when, and why:...
  demo      Show the whole story on a made-up company's exports:...
"""
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


def shell(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a pipe."""
    command = [str(Path(sys.executable).with_name("idgraph")), *map(str, words)]
    strict = {**os.environ, "COLUMNS": "80", "PYTHONWARNINGS": "error"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=strict)


def said(*words: str | Path) -> str:
    """Run a command in this process, where it has to succeed, and give what it prints."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, (done.output, done.exception)
    assert done.stderr == ""
    return done.stdout


def failed(*words: str | Path) -> ig.IdgraphError:
    """Run a command that has to fail, and give the error."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert isinstance(done.exception, ig.IdgraphError), (done.output, done.exception)
    return done.exception


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of exports: two systems that are known, a table that is not, and a value that is nobody's."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "users.csv").write_text(
        "user_id,email,tenant_id,name\n"
        "u1,ana@acme.io,t1,Ana Silva\n"
        "bo@acme.io,bo@acme.io,t1,=Bo Larsen\n"
        "u3,info@acme.io,t1,Cy Young\n"
        "NULL,di@acme.io,t1,Di Rossi\n"
    )
    (folder / "crm").mkdir()
    (folder / "crm" / "contacts.csv").write_text(
        "hs_object_id,email,firstname,lastname,phone\n51,ana@acme.io,Ana,Silva,+14152007986\n52,bo@acme.io,Bo,Larsen,\n"
        "53,5f4dcc3b5aa765d61d8327deb882cf99,Di,Rossi,\n"
    )
    (folder / "crm" / "tickets.csv").write_text("id,subject,opened_at\n1,help,2026-01-01\n")
    return folder


@pytest.fixture(scope="module")
def out(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "out"
    said("merge", exports, "--out", folder)
    return folder


# The commands


def test_help_lists_every_command():
    done = shell("--help")
    assert done.returncode == 0
    assert done.stdout.endswith(COMMANDS)
    assert "Exit" not in done.stderr
    for command in ("discover", "merge", "plan", "explain", "evaluate", "leads", "demo"):
        assert "--help" in said(command, "--help")


def test_python_runs_it_as_a_module_too():
    command = [sys.executable, "-m", "idgraph"]
    done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: idgraph [OPTIONS] COMMAND" in done.stdout
    wrong = subprocess.run([*command, "discover", "nowhere"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 1
    assert "there is no such folder" in wrong.stderr


def test_importing_the_module_runs_nothing():
    done = subprocess.run(
        [sys.executable, "-c", "import idgraph.__main__"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_version():
    assert said("--version").strip() == ig.__version__


def test_discover_says_what_each_file_is_taken_for_and_how_to_map_the_others(exports):
    text = said("discover", exports)
    assert re.search(r"users\.csv +app_users +user_id, email, tenant_id", text)
    assert re.search(r"crm/contacts\.csv +hubspot_contacts +hs_object_id, email, firstname", text)
    assert "crm/tickets.csv: no known table has its columns" in text
    stanza = text[text.index("[[source]]") :]
    assert 'name = "crm_tickets"' in stanza
    assert 'data = "crm/tickets.csv"' in stanza


def test_plan_says_what_a_run_would_do_and_writes_nothing(exports):
    before = sorted(exports.rglob("*"))
    text = said("plan", exports)
    assert re.search(r"crm/contacts\.csv +hubspot_contacts", text)
    assert re.search(r"app_users +user +0 +3\n", text)
    assert re.search(r"person +email +role_mailbox +1 +1\n", text)
    assert "0 pairs to compare at most" in text
    assert ADDRESS.findall(text) == []
    told = json.loads(said("plan", exports, "--json"))["plan"]
    assert {"level": "person", "rule": "email", "edges": 2} in told["edges"]
    assert sorted(exports.rglob("*")) == before


def test_leads_says_where_they_go_and_writes_the_table(out, tmp_path):
    table = tmp_path / "leads.csv"
    text = said("leads", out, "--out", table)
    assert re.search(r"contact +matched +tenant +2\n", text)
    graph = ig.Graph.open(out)
    assert pl.read_csv(table)["record_id"].to_list() == graph.lead_to_account()["record_id"].to_list()
    counted = json.loads(said("leads", out, "--json", "--kind", "user"))
    assert sum(row["records"] for row in counted) == graph.records.filter(kind="user").height
    assert "'people' is no kind of people" in str(failed("leads", out, "--kind", "people"))


def test_discover_for_machines(exports):
    told = json.loads(said("discover", exports, "--json"))
    assert {item["file"]: item["source"] for item in told["recognised"]} == {
        "users.csv": "app_users",
        "crm/contacts.csv": "hubspot_contacts",
    }
    (left,) = told["unknown"]
    assert left["file"] == "crm/tickets.csv"
    assert left["stanza"].startswith("[[source]]")


def test_discover_shows_how_to_map_a_folder_in_which_nothing_is_known(tmp_path):
    (tmp_path / "tickets.csv").write_text("id,subject\n1,help\n")
    done = shell("discover", tmp_path)
    assert done.returncode == 1
    assert 'name = "tickets"' in done.stdout
    assert "no known export is in this folder" in done.stderr
    assert json.loads(shell("discover", tmp_path, "--json").stdout)["unknown"][0]["file"] == "tickets.csv"


def test_merge_says_what_came_out_and_what_was_refused(exports, tmp_path):
    text = said("merge", exports, "--out", tmp_path / "out")
    assert "7 records, 1 of them known only by reference, became" in text
    assert re.search(r"4 profiles, 2 of them from several records", text)
    assert re.search(r"0 tenants, 0 of them", text)  # one is known, but only by reference
    assert re.search(r"email +role_mailbox +1", text)
    assert re.search(r"app_users +row +no_id +1", text)
    assert re.search(r"hubspot_contacts +value +hashed +1", text)
    assert "[[source]]" not in text
    assert f"idgraph discover {exports}" in text
    assert text.rstrip().endswith(f"Written to {tmp_path / 'out'}.")


def test_merge_says_of_companies_that_own_each_other_that_nobody_is_at_the_top(tmp_path):
    (tmp_path / "accounts.csv").write_text("Id,Name,Website,ParentId\n1,Acme,,2\n2,Borealis,,1\n3,Cyan,,\n")
    (tmp_path / "idgraph.toml").write_text(
        '[[source]]\nname = "crm_accounts"\nkind = "crm_account"\ndata = "accounts.csv"\nid = "Id"\n'
        'attributes = { name = "Name" }\nowned_by = { "crm_accounts.id" = "ParentId" }\n'
    )
    text = said("merge", tmp_path, "--out", tmp_path / "out")
    assert "2 accounts are in a circle of owners, or owned by one: nobody is at the top (idgraph report lists" in text


def test_merge_says_of_one_that_it_is_one(tmp_path):
    (tmp_path / "app_tenants.csv").write_text("tenant_id,name\nt_1,Acme\n")
    lines = said("merge", tmp_path, "--out", tmp_path / "out").splitlines()
    assert "1 record, became" in lines
    assert "          1 account, 0 of them from several records" in lines
    assert "          0 profiles, 0 of them from several records" in lines


def test_merge_for_machines(exports, tmp_path):
    told = json.loads(said("merge", exports, "--out", tmp_path / "out", "--json"))
    assert told["summary"]["profiles"] == 4
    assert {"source": "app_users", "grain": "row", "reason": "no_id", "count": 1} in told["summary"]["rejects"]
    assert told["discovery"]["unknown"][0]["file"] == "crm/tickets.csv"
    assert told["out"] == str(tmp_path / "out")


def test_merge_without_a_rule(exports, tmp_path):
    told = json.loads(said("merge", exports, "--out", tmp_path / "out", "--json", "--without", "email"))
    assert told["summary"]["profiles"] == 6


def test_merge_takes_the_settings_of_the_folder_and_the_command_line_overrides_them(tmp_path):
    (tmp_path / "users.csv").write_text(
        "user_id,email,tenant_id,created_at,phone\nu1,,t1,2026-01-05 11:00,06 69881234\n"
    )
    (tmp_path / "idgraph.toml").write_text('[config]\ntimezone = "Europe/Rome"\nregion = "US"\n')
    said("merge", tmp_path, "--out", tmp_path / "out", "--region", "IT")
    graph = ig.open(tmp_path / "out")
    assert str(graph.records["first_seen"][0]) == "2026-01-05 10:00:00+00:00"
    assert graph.profiles["phone"].to_list() == ["+390669881234"]


def test_merge_over_what_hubspot_and_salesforce_exported(data_dir, tmp_path):
    for system, people in (("hubspot_fivetran", 19), ("salesforce_fivetran", 3)):
        told = json.loads(said("merge", data_dir / "exports" / system, "--out", tmp_path / system, "--json"))
        assert told["summary"]["profiles"] == people
        graph = ig.open(tmp_path / system)
        assert graph.profiles.filter(~pl.col("stub")).height == people


@pytest.mark.spark
def test_merge_on_spark_writes_the_same(exports, tmp_path, spark):
    on_spark = ["--engine", "spark", "--master", "local[2]"]
    said("merge", exports, "--out", tmp_path / "spark", "--exact-only", *on_spark)
    said("merge", exports, "--out", tmp_path / "polars", "--exact-only")
    graph, expected = (ig.open(tmp_path / engine) for engine in ("spark", "polars"))
    assert graph.run["engine"] == "spark"
    assert graph.assignments.sort(pl.all()).rows() == expected.assignments.sort(pl.all()).rows()
    assert graph.counts() == expected.counts()


def test_where_spark_runs_is_only_said_of_spark(exports, tmp_path):
    done = CliRunner().invoke(app, ["merge", str(exports), "--out", str(tmp_path / "out"), "--master", "local[2]"])
    assert done.exit_code == 2
    assert "add --engine spark" in done.stderr


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """Two words that contradict a third, one on a record that is not there, and one that was taken back."""
    table = tmp_path / "judgements.csv"
    table.write_text(
        "left_id,right_id,verdict,by,at,revoked_at\n"
        "app_users:u1,app_users:u3,same,ana,2026-01-02,\n"
        "app_users:u3,app_users:bo@acme.io,same,ana,2026-01-03,\n"
        "app_users:u1,app_users:bo@acme.io,different,bo,2026-01-04,\n"
        "app_users:u9,app_users:u1,same,bo,2026-01-04,\n"
        "app_users:u3,hubspot_contacts:53,same,bo,2026-01-04,2026-01-05\n"
    )
    return table


def test_merge_with_judgements_says_which_counted(exports, judged, tmp_path):
    printed = said("merge", exports, "--out", tmp_path / "out", "--judgements", judged)
    assert "        1 said to be the same\n" in printed
    assert "        1 said to be different\n" in printed
    assert "        1 left out, because they contradict others\n" in printed
    assert "        1 on records that are not there; they wait for them\n" in printed
    assert "were said to be different, but" in printed
    assert ADDRESS.findall(printed) == []
    graph = ig.open(tmp_path / "out")
    assert graph.judgements.height == 5  # the one that was revoked too
    # Of the two words that contradict the third the older one is left out.
    assert graph.explain("app_users:u3", "app_users:bo@acme.io").same
    assert not graph.explain("app_users:u1", "app_users:u3").same


def test_merge_with_a_previous_result_keeps_ids_and_judgements(exports, judged, tmp_path):
    out = tmp_path / "out"
    said("merge", exports, "--out", out, "--judgements", judged)
    before = ig.open(out)
    ids = before.assignments.sort("record_id", "level").rows()
    printed = said("merge", exports, "--out", out, "--previous", out)
    assert f"Ids are those of {out} wherever records stayed together." in printed
    assert "differ" not in printed.rpartition("Ids are")[2]
    after = ig.open(out)
    assert after.assignments.sort("record_id", "level").rows() == ids
    assert after.judgements.height == 5
    assert after.changes.is_empty()


def test_merge_says_in_what_a_previous_result_was_made_otherwise(exports, tmp_path):
    said("merge", exports, "--out", tmp_path / "out", "--without", "email")
    printed = said("merge", exports, "--out", tmp_path / "again", "--previous", tmp_path / "out")
    assert "It was made otherwise: without differ" in printed
    assert re.search(r"person +merged +\d", printed)
    assert set(ig.open(tmp_path / "again").changes["change"]) == {"merged", "retired"}


def test_explain(out):
    text = said("explain", out, "app_users:u1", "hubspot_contacts:51")
    assert text.startswith("app_users:u1 and hubspot_contacts:51 are one person:")
    assert "email a…@acme.io" in text
    assert "are not one" in said("explain", out, "app_users:u1", "hubspot_contacts:52")
    told = json.loads(said("explain", out, "app_users:u1", "hubspot_contacts:51", "--json"))
    assert (told["same"], told["steps"][0]["rule"]) == (True, "email")


def test_report(out, tmp_path):
    page = tmp_path / "page.html"
    assert said("report", out, "--out", page) == f"Written to {page}.\n"
    assert "ana@acme.io" in page.read_text()
    assert said("report", out, "--out", page, "--previous", out, "--redact") == f"Written to {page}.\n"
    assert "ana@acme.io" not in page.read_text()
    assert "What changed" in page.read_text()
    ids = ig.open(out).assignments.filter(level="person")["record_id"]
    pl.DataFrame({"record_id": ids, "entity_id": ids}).write_csv(tmp_path / "truth.csv")
    said("report", out, "--out", page, "--truth", tmp_path / "truth.csv")
    assert f"on level person: {len(ids)} records, precision" in page.read_text()
    (tmp_path / "mine.html").write_text("mine")
    assert "left alone" in str(failed("report", out, "--out", tmp_path / "mine.html"))


def out_records(out):
    assignments = pl.read_parquet(out / "assignments.parquet")
    return assignments.filter(pl.col("level").cast(pl.String) == "person").height


def test_evaluate(out, tmp_path):
    truth = pl.DataFrame(
        {
            "record_id": ["app_users:u1", "hubspot_contacts:51", "app_users:bo@acme.io", "hubspot_contacts:52"],
            "entity_id": ["ana", "ana", "bo", "somebody else"],
        }
    )
    for name, write in (("truth.csv", truth.write_csv), ("truth.parquet", truth.write_parquet)):
        write(tmp_path / name)
        told = json.loads(said("evaluate", out, tmp_path / name, "--json"))
        assert (told["all"]["records"], told["all"]["precision"], told["all"]["recall"]) == (4, 0.5, 1.0)
        assert set(told["kinds"]) == {"user", "contact"}
        assert (told["all"]["records_of_truth"], told["all"]["records_of_graph"]) == (4, out_records(out))
        (rule,) = [row for row in told["rules"] if row["rule"] == "email"]
        assert (rule["links"], rule["right"], rule["wrong"]) == (rule["right"] + rule["wrong"] + rule["unknown"], 1, 1)
        (cause,) = told["errors"]["causes"]
        assert (cause["error"], cause["cause"], cause["rule"], cause["pairs"]) == ("false", "shared value", "email", 1)
        assert cause["examples"] == [{"left_id": "app_users:b…@acme.io", "right_id": "hubspot_contacts:52"}]
    text = said("evaluate", out, tmp_path / "truth.csv")
    assert re.search(r"records of +records +precision +recall", text)
    assert re.search(r"all +4 +0\.5000 +1\.0000", text)
    assert text.startswith("4 records, precision 0.5000, recall 1.0000, the truth does not know ")
    assert re.search(r"By rule:\nrule +links +right +wrong +unknown", text)
    assert re.search(r"false +shared value +email +1 +100\.0% +1 +app_users:b…@acme\.io and", text)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder in which the demo has run, and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, shell("demo", "--companies", "20", "--out", "made up", cwd=folder)


def test_the_demo_finds_the_accounts_that_were_made_ready(demo):
    text = " ".join(demo[1].stdout.split())
    found = re.search(r"(\d+) accounts; (\d+) of them are among the (\d+) that were made so", text)
    assert found
    reached, right, made = map(int, found.groups())
    assert 0 < right <= min(reached, made)
    assert right >= 0.8 * made


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph in `out`, a folder of events that it does not hold, and definitions."""
    folder = tmp_path_factory.mktemp("used")
    exports, events = folder / "exports", folder / "events"
    exports.mkdir()
    (exports / "users.csv").write_text(
        "user_id,email,tenant_id,name,created_at\n"
        "u1,ana@acme.io,t1,Ana Silva,2026-03-01\nbo@acme.io,bo@acme.io,t1,,2026-03-02\nu3,cy@beta.io,t2,Cy,2026-03-03\n"
    )
    (exports / "tenants.csv").write_text("tenant_id,name,created_at\nt1,=Acme,2026-03-01\nt2,Beta,2026-03-03\n")
    said("merge", exports, "--out", folder / "out")
    events.mkdir()
    rows = ["event_id,user_id,tenant_id,event,occurred_at"]
    rows += [f"e{day},u1,t1,project_created,2026-03-{day:02}" for day in (4, 5, 6)]
    rows += ["e7,bo@acme.io,t1,project_created,2026-03-07", "e8,u3,t2,project_created,2026-03-08"]
    (events / "app_events.csv").write_text("\n".join(rows))
    (events / "users.csv").write_text((exports / "users.csv").read_text())
    (folder / "pql.yaml").write_text(
        "name: pql\nversion: 1\nlevel: account\nwhen: {count: project_created, at_least: 3}\n"
    )
    return folder


def test_pql_says_who_is_ready_and_why(used):
    text = said("pql", used / "out", used / "events", used / "pql.yaml")
    assert "As of 2026-03-08 00:00: 1 ready, 1 waiting" in text
    assert re.search(
        r"=Acme +ready +2026-03-06 +\d\.\d{3} +2 +Ana Silva +\+ pql since 6 March 2026: 3 projects created", text
    )
    assert re.search(r"Beta +waiting .* project_created ≥ 3, now 1", text)


def test_pql_as_of_an_earlier_time(used):
    told = json.loads(said("pql", used / "out", used / "events", used / "pql.yaml", "--as-of", "2026-03-05", "--json"))
    assert told["states"] == {"waiting": 2}
    assert {row["name"]: row["missing"] for row in told["board"]} == {
        "=Acme": ["project_created ≥ 3, now 2"],
        "Beta": ["project_created ≥ 3, now 0"],
    }


@pytest.mark.parametrize("redact", [(), ("--redact",)], ids=["whole", "redacted"])
def test_a_report_shows_the_board_of_a_definition(used, tmp_path, redact):
    page = tmp_path / "page.html"
    asked = ("--pql", used / "pql.yaml", "--events", used / "events")
    said("report", used / "out", "--out", page, *asked, *redact)
    shown = page.read_text()
    assert "Product-qualified leads" in shown
    cells = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert re.search(r"\bready 2026-03-06 00:00\b", cells)
    assert ("Ana Silva" in shown, "3 projects created" in shown) == (not redact, not redact)


@pytest.mark.parametrize("name", ["board.csv", "board.parquet"])
def test_pql_writes_the_whole_board(used, tmp_path, name):
    assert f"Written to {tmp_path / name}." in said(
        "pql", used / "out", used / "events", used / "pql.yaml", "--out", tmp_path / name
    )
    read = pl.read_csv if name.endswith("csv") else pl.read_parquet
    written = read(tmp_path / name)
    assert written["state"].to_list() == ["ready", "waiting"]
    assert written["name"].to_list() == ["'=Acme" if name.endswith("csv") else "=Acme", "Beta"]


def test_pql_warns_of_what_may_be_mistyped_beside_the_result(used, tmp_path):
    card = tmp_path / "pql.yaml"
    card.write_text((used / "pql.yaml").read_text().replace("project_created", "project_craeted"))
    done = shell("pql", used / "out", used / "events", card)
    assert done.returncode == 0
    assert done.stderr == "idgraph: pql.yaml, line 4: there is no event 'project_craeted'; near it: 'project_created'\n"


def test_the_demo_tells_the_whole_story(demo):
    folder, done = demo
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "A made-up software company with 20 customers",
        "salesforce_accounts",
        "profiles,",
        "Values that may not link",
        "One profile, and why it is one",
        "are one person",
        "Against the truth",
        "Ready to buy, by what they did in the product",
        ": ready, since",
        "+ pql since",
        "champion: ",
        "The exports are in made up/exports",
    ):
        assert part in done.stdout
    assert sorted(path.name for path in (folder / "made up").iterdir()) == [
        "exports",
        "graph",
        "pql.yaml",
        "run.json",
    ]


def test_what_the_demo_says_to_try_next_works(demo, monkeypatch):
    folder, done = demo
    monkeypatch.chdir(folder)
    explain, pql, merge = (shlex.split(line)[1:] for line in done.stdout.splitlines()[-3:])
    assert "are one person" in said(*explain)
    assert " ready, " in said(*pql)
    assert "Written to my-graph." in said(*merge)


def test_a_second_demo_takes_the_place_of_the_first(demo, tmp_path):
    shutil.copytree(demo[0] / "made up", tmp_path / "demo")
    assert "with 10 customers" in said("demo", "--companies", "10", "--out", tmp_path / "demo")
    assert ig.open(tmp_path / "demo" / "graph").records.height < 1000
    assert CliRunner().invoke(app, ["demo", "--companies", "0"]).exit_code == 2


# What is written


def test_what_is_written_is_for_its_owner_alone(out):
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}


def test_what_the_demo_writes_can_be_entered_by_its_owner(demo):
    for path in (demo[0] / "made up").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_run_file_tells_versions_counts_and_hashes_but_no_values_and_no_paths(exports, out):
    text = (out / "run.json").read_text()
    run = json.loads(text)
    assert run["idgraph"] == ig.__version__
    assert run["counts"]["profiles"] == 4
    files = {file["name"]: file for source in run["sources"] for file in source["files"]}
    assert set(files) == {"users.csv", "contacts.csv"}
    assert re.fullmatch(r"[0-9a-f]{64}", files["users.csv"]["sha256"])
    assert files["users.csv"]["bytes"] == (exports / "users.csv").stat().st_size
    assert not ADDRESS.search(text)
    for words in ("Silva", "u1", str(exports), str(out.parent), str(Path.home())):
        assert words not in text


def test_csv_runs_no_formulas(exports, tmp_path):
    said("merge", exports, "--out", tmp_path / "out", "--format", "csv")
    profiles = pl.read_csv(tmp_path / "out" / "profiles.csv", infer_schema_length=0)
    assert "'=Bo Larsen" in profiles["full_name"].to_list()
    assert "+14152007986" in profiles["phone"].to_list()
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".csv", ".json"}


def test_a_second_run_takes_the_place_of_the_first(exports, tmp_path):
    said("merge", exports, "--out", tmp_path / "out")
    said("merge", exports, "--out", tmp_path / "out", "--format", "csv")
    assert not list((tmp_path / "out").glob("*.parquet"))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


# What is not said


def test_no_address_is_printed_whole(exports, out, used, tmp_path):
    """Not even one that is an id: `bo@acme.io` is a user id of the product."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "users.csv").write_text("user_id,email,tenant_id\ndi@acme.io,x,t1\n")
    pair = ("app_users:bo@acme.io", "hubspot_contacts:52")
    texts = [
        said("discover", exports),
        said("discover", exports, "--json"),
        said("merge", exports, "--out", tmp_path / "a"),
        said("merge", exports, "--out", tmp_path / "b", "--json"),
        said("explain", out, *pair),
        said("explain", out, *pair, "--json"),
        said("pql", used / "out", used / "events", used / "pql.yaml"),
        said("pql", used / "out", used / "events", used / "pql.yaml", "--json"),
        said("explain", out, pair[0], "app_users:u3"),
        said("explain", out, pair[0], "app_users:u3", "--json"),
        str(failed("explain", out, "app_users:ana@acme.io", pair[0])),
    ]
    for text in texts:
        assert not ADDRESS.search(text), text
        assert "+14152007986" not in text
    assert "app_users:b…@acme.io" in texts[4]


def test_a_pipe_gets_the_result_and_nothing_else(exports, tmp_path):
    done = shell("merge", exports, "--out", tmp_path / "out")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout


# How it ends


@pytest.mark.parametrize(
    "words",
    [
        ["merge"],
        ["nonsense"],
        ["merge", "somewhere", "--out", "out", "--format", "xlsx"],
        ["merge", "somewhere", "--no-such-option"],
        ["evaluate", "out", "truth.csv", "--level", "people"],
        ["pql", "out"],
        ["report", "out", "--events", "folder"],
    ],
)
def test_wrong_usage_ends_with_2_and_says_how(words):
    done = CliRunner().invoke(app, words, prog_name="idgraph")
    assert done.exit_code == 2
    assert done.stderr.startswith("Usage: idgraph")
    assert done.stdout == ""


def test_wrong_usage_in_a_shell_ends_with_2_too():
    done = shell("nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: idgraph")
    assert "Traceback" not in done.stderr


def test_what_pql_cannot_use_ends_with_1_and_one_message(exports, out, used, tmp_path):
    wrong, binary = tmp_path / "wrong.yaml", tmp_path / "binary.yaml"
    wrong.write_text((used / "pql.yaml").read_text().replace("at_least", "at_leats"))
    binary.write_bytes(b"\xff\xfe")
    card, events = used / "pql.yaml", used / "events"
    for words, message in (
        (["pql", used / "out", tmp_path / "no.yaml"], "no.yaml cannot be read: No such file"),
        (["pql", used / "out", binary], "is no text in UTF-8"),
        (["pql", used / "out", events, wrong], "wrong.yaml, line 4: "),
        (["pql", used / "out", card], "nothing is known to have happened"),
        (["pql", used / "out", used / "exports", card], "tells what happened"),
        (["pql", tmp_path, card], "it is no graph"),
        (["pql", used / "out", events, card, "--as-of", "soon"], "soon"),
        (["pql", used / "out", events, card, "--out", tmp_path / "board.xlsx"], "neither CSV nor Parquet"),
    ):
        assert message in str(failed(*words))


def test_what_cannot_be_used_ends_with_1_and_one_message(exports, tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    truth = tmp_path / "truth.csv"
    truth.write_text("record_id,cluster\n1,1\n")
    for words, message in (
        (["merge", tmp_path / "nope", "--out", tmp_path / "out"], "there is no such folder"),
        (["merge", exports, "--out", tmp_path], "such as thesis.doc"),
        (["merge", exports, "--out", tmp_path / "out", "--without", "emial"], "there is no rule 'emial'"),
        (["merge", exports, "--out", tmp_path / "out", "--region", "UK"], "'UK' is no ISO 3166 code"),
        (["merge", exports, "--out", tmp_path / "out", "--timezone", "Mars"], "'Mars' is no IANA time zone"),
        (["explain", tmp_path, "a:1", "b:1"], "it is no graph"),
        (["evaluate", tmp_path, truth], "it is no graph"),
    ):
        assert message in str(failed(*words))
    done = shell("merge", tmp_path / "nope", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("idgraph: source ")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_evaluate_says_what_is_wrong_with_a_truth(out, tmp_path):
    truth = tmp_path / "truth.csv"
    truth.write_text("record_id,cluster\napp_users:u1,1\n")
    assert "truth.csv has no column 'entity_id'. Its columns are record_id, cluster." in str(
        failed("evaluate", out, truth)
    )
    truth.write_text("record_id,entity_id\nnobody:1,1\n")
    assert "no record of the truth is in this graph" in str(failed("evaluate", out, truth))


def test_a_folder_that_is_refused_is_refused_before_the_work(exports, tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    done = shell("merge", exports, "--out", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")


def test_names_of_files_and_columns_are_no_markup(tmp_path):
    (tmp_path / "[red]users.csv").write_text("user_id,email,tenant_id\nu1,ana@acme.io,t1\n")
    assert "[red]users.csv" in said("discover", tmp_path)


def test_an_interrupted_run_ends_with_130():
    code = (
        "import idgraph.pipeline, idgraph.cli\n"
        "def stop(*sources, **settings): raise KeyboardInterrupt\n"
        "idgraph.pipeline.resolve = stop\n"
        "idgraph.cli.main()\n"
    )
    command = [sys.executable, "-c", code, "demo", "--companies", "10", "--out", "never"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert not Path("never").exists()
