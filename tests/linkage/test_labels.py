"""Labels: pairs that somebody judged teach the model, and hold in the result."""

import numpy as np
import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError

FIRST = ["Ana", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Gisela", "Hannes", "Irene", "Jonas"]
LAST = ["Ruiz", "Lindqvist", "Moretti", "Okafor", "Petrov", "Quint", "Rossi", "Schmidt", "Tanaka", "Ueda"]


def people() -> pl.DataFrame:
    """Three hundred people, a third of them twice, with another year of birth."""
    rng = np.random.default_rng(3)
    rows = [
        {
            "id": f"p{place:03}",
            "first_name": str(rng.choice(FIRST)),
            "last_name": str(rng.choice(LAST)) + "aeiou"[place % 5],
            "born": f"{1940 + place % 60}-{1 + place % 12:02}-{1 + place % 28:02}",
        }
        for place in range(300)
    ]
    copies = [{**row, "id": row["id"] + "c"} for row in rows[::3]]
    return pl.DataFrame([*rows, *copies])


def judged(*pairs: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema=["left_id", "right_id", "verdict"], orient="row")


def entity(found: ig.Matches, row: str) -> str:
    return found.entities.filter(pl.col("id") == row)["entity_id"].item()


def test_what_was_judged_holds():
    before = ig.dedupe(people(), id="id")
    assert entity(before, "p003") == entity(before, "p003c")
    assert entity(before, "p001") != entity(before, "p002")
    said = judged(("p003", "p003c", "different"), ("p002", "p001", "same"), ("p004", "p005", "unsure"))
    found = ig.dedupe(people(), id="id", labels=said)
    assert entity(found, "p003") != entity(found, "p003c")
    assert entity(found, "p001") == entity(found, "p002")
    assert entity(found, "p004") != entity(found, "p005")
    link = found.links.filter((pl.col("left_id") == "p001") & (pl.col("right_id") == "p002"))
    assert link.select("probability", "state").row(0) == (1.0, "used")
    assert sum(part.weight for part in found.explain("p001", "p002")) == pytest.approx(link["weight"].item())


def test_what_was_judged_different_is_not_joined_by_way_of_a_third():
    rows = pl.concat([people(), people().filter(pl.col("id") == "p003c").with_columns(id=pl.lit("p003d"))])
    found = ig.dedupe(rows, id="id", labels=judged(("p003", "p003c", "different")))
    assert entity(found, "p003") != entity(found, "p003c")
    assert entity(found, "p003d") in {entity(found, "p003"), entity(found, "p003c")}


def test_two_tables_have_labels_too():
    left = people().filter(~pl.col("id").str.ends_with("c"))
    right = people().filter(pl.col("id").str.ends_with("c"))
    found = ig.link_tables(
        left, right, id="id", labels=judged(("p003", "p003c", "different"), ("p001", "p003c", "same"))
    )
    links = found.links.filter(pl.col("state") == "used").filter(pl.col("right_id") == "p003c")
    assert links["left_id"].to_list() == ["p001"]


def test_the_order_of_labels_tells_nothing():
    said = judged(("p003", "p003c", "same"), ("p002", "p001", "different"), ("p006", "p006c", "same"))
    one = ig.dedupe(people(), id="id", labels=said)
    other = ig.dedupe(people(), id="id", labels=said.reverse().rename({"left_id": "right_id", "right_id": "left_id"}))
    assert one.model == other.model
    assert one.links.equals(other.links)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (pl.DataFrame({"left_id": ["p001"], "right_id": ["p002"]}), "labels lack the column 'verdict'"),
        (judged(("p001", "nobody", "same")), "labels name a row that is not there: 'nobody'"),
        (judged(("p001", "p001", "same")), "rows with themselves"),
        (judged(("p001", "p002", "same"), ("p002", "p001", "different")), "judge 1 pairs to be the same and different"),
    ],
)
def test_labels_that_do_not_fit_are_refused(said, message):
    with pytest.raises(ConfigError, match=message):
        ig.dedupe(people(), id="id", labels=said)


def f1(found: ig.Matches, truth: pl.DataFrame) -> float:
    """Pairwise, of final clusters."""
    both = found.entities.join(truth, left_on="id", right_on="record_id")

    def pairs(*by: str) -> float:
        return float(
            both.group_by(by).len().select((pl.col("len").cast(pl.Float64) * (pl.col("len") - 1.0)).sum()).item()
        )

    return 2 * pairs("entity_id", "true") / (pairs("entity_id") + pairs("true"))


@pytest.mark.parametrize(("name", "gain"), [("early_childhood", 0.03), ("fake_1000", -0.005)])
def test_a_hundred_labels_help_or_do_no_harm(data_dir, name, gain):
    table = pl.read_parquet(data_dir / "benchmarks" / f"{name}.parquet").drop("source", strict=False)
    truth = pl.read_parquet(data_dir / "benchmarks" / f"{name}.truth.parquet")
    truth = truth.select(pl.col("record_id").cast(pl.String), true=pl.col("entity_id").cast(pl.String))
    alone = ig.dedupe(table, id="record_id")
    asked = alone.links.sample(100, seed=0).select("left_id", "right_id")
    true = dict(truth.iter_rows())
    verdict = ["same" if true[left] == true[right] else "different" for left, right in asked.iter_rows()]
    taught = ig.dedupe(table, id="record_id", labels=asked.with_columns(verdict=pl.Series(verdict)))
    assert f1(taught, truth) >= f1(alone, truth) + gain
