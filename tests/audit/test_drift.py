"""What moved since an earlier run: a world that is drawn anew has nothing to say, a source that lost something has."""

import polars as pl
import pytest

import idgraph as ig
from idgraph.datasets import saas_world
from idgraph.errors import ConfigError

PEOPLE = 200


def graph(emails=("app", "crm"), sources=("app", "crm"), titles=None, people=PEOPLE):
    """Everybody as a user and as a contact, joined by the e-mail where both sources have it."""
    rows = [
        (f"{source}:{n}", source, kind, n)
        for source, kind in (("app", "user"), ("crm", "contact"))
        for n in range(people)
    ]
    records = pl.DataFrame(
        [row for row in rows if row[1] in sources], schema=["record_id", "source", "kind", "n"], orient="row"
    )
    if titles is not None:
        titled = (pl.col("source") == "crm") & (pl.col("n") < titles)
        records = records.with_columns(title=pl.when(titled).then(pl.lit("CTO")))
    held = records.filter(pl.col("source").is_in(emails))
    return ig.Graph.from_frames(
        records=records.drop("n"),
        identifiers=held.select("record_id", type=pl.lit("email"), value=pl.format("p{}@acme.io", "n")),
    )


def noted(found):
    return {tuple(row[:3]): row[3] for row in found.select("rate", "source", "name", "note").drop_nulls("note").rows()}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    made = []
    for seed in (1, 2):
        folder = tmp_path_factory.mktemp("world")
        saas_world(60, seed=seed).write(folder)
        made.append(ig.resolve(*ig.discover(folder), config=ig.Config(without=("similar",))))
    return made


def test_the_same_world_has_nothing_to_say_and_neither_has_another_draw_of_it(worlds):
    one, other = worlds
    same = one.drift(one)
    assert same.height > 100
    assert noted(same) == {}
    assert same["difference"].drop_nulls().abs().max() == 0
    assert noted(other.drift(one)) == {}


def test_a_source_that_lost_its_addresses_is_noted_and_what_it_did_to_others_too():
    found = graph(emails=["app"]).drift(graph())
    assert noted(found) == {
        ("holds", "crm", "email"): "fell",
        ("joined", "app", None): "fell",
        ("joined", "crm", None): "fell",
    }
    row = found.row(by_predicate=(pl.col("rate") == "holds") & (pl.col("source") == "crm"), named=True)
    assert (row["before"], row["after"], row["difference"], row["records_before"]) == (1.0, 0.0, -1.0, PEOPLE)


def test_what_is_gained_is_noted_too():
    assert noted(graph().drift(graph(emails=["app"])))["holds", "crm", "email"] == "rose"


def test_a_source_that_is_gone_or_new_is_noted_once():
    both, one = graph(), graph(sources=["app"])
    lost = noted(one.drift(both))
    assert lost["records", "crm", None] == "gone"
    assert lost["records", "app", None] == "rose"
    assert [key for key in lost if key[1] == "crm"] == [("records", "crm", None)]
    assert noted(both.drift(one))["records", "crm", None] == "new"


def test_a_column_that_is_gone_is_null_throughout():
    full, half, gone = graph(titles=PEOPLE), graph(titles=PEOPLE // 2), graph()
    assert noted(half.drift(full)) == {("null", "crm", "title"): "rose"}
    found = gone.drift(full)
    assert noted(found) == {("null", "crm", "title"): "rose"}
    assert found.filter(rate="null").select("before", "after").rows() == [(0.0, 1.0)]


@pytest.mark.parametrize(
    ("titles", "people", "why"),
    [(PEOPLE // 2 + 6, PEOPLE, "chance"), (0, 4, "few"), (20_900, 40_000, "sure, but too little to matter")],
)
def test_small_differences_are_not_noted(titles, people, why):
    before = graph(titles=people // 2, people=people)
    found = graph(titles=titles or 1, people=people).drift(before).filter(rate="null", source="crm")
    assert found["difference"][0] != 0, why
    assert found["note"].to_list() == [None], why


def test_what_a_difference_is_worth_does_not_depend_on_its_direction():
    one, other = graph(titles=150), graph(titles=100)
    there, back = (found.filter(rate="null", source="crm")["z"][0] for found in (one.drift(other), other.drift(one)))
    assert there == pytest.approx(-back)
    assert abs(there) == pytest.approx(5.163977794943222)  # (0.5 - 0.25) / sqrt(0.375 * 0.625 * 2 / 200)


def test_the_page_lists_it(tmp_path):
    page = graph(emails=["app"]).report(tmp_path / "page.html", previous=graph()).read_text("utf-8")
    assert "Rates that moved beyond chance" in page
    quiet = graph(titles=1).report(tmp_path / "page.html", previous=graph(titles=2)).read_text("utf-8")
    assert "Rates that moved beyond chance" not in quiet


@pytest.mark.parametrize("previous", ["out/", None, pl.DataFrame()])
def test_what_is_no_graph_is_refused_where_an_earlier_one_is_asked_for(previous):
    with pytest.raises(ConfigError, match=r"previous=.* cannot be used: it takes a Graph; .* ig\.open\(folder\)"):
        graph(people=3).drift(previous)
