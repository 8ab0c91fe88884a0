"""Sources that have nobody in common, or nobody twice: in links and in clusters."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError

SYSTEMS = ["crm", "list", "shop"]
FIRST = ["Ana", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Gisela", "Hannes", "Irene", "Jonas"]
LAST = ["Ruiz", "Lindqvist", "Moretti", "Okafor", "Petrov", "Quint", "Rossi", "Schmidt", "Tanaka", "Ueda"]


def people(seed: int = 0) -> pl.DataFrame:
    """People who are in several systems, some of them twice in one; their names are sometimes mistyped."""
    rng = np.random.default_rng(seed)
    rows = []
    for place in range(150):
        person = {
            "first_name": str(rng.choice(FIRST)),
            "last_name": str(rng.choice(LAST)) + str(rng.choice(list("aeiou"))),
            "born": f"{1940 + place % 60}-{1 + place % 12:02}-{1 + place % 28:02}",
        }
        for system in rng.choice(SYSTEMS, size=rng.integers(1, 4)):
            typed = {"first_name": person["first_name"][:-1]} if rng.random() < 0.2 else {}
            rows.append({**person, **typed, "system": str(system), "id": f"{system}{len(rows)}"})
    return pl.DataFrame(rows)


def together(found: ig.Matches, rows: pl.DataFrame) -> set[tuple[str, str]]:
    """The pairs of systems, in order, of which an entity holds two rows."""
    held = found.entities.join(rows.select("id", "system"), on="id").group_by("entity_id").agg("system")["system"]
    return {pair for systems in held for pair in combinations(sorted(systems), 2)}


def test_without_rules_all_systems_meet():
    rows = people()
    assert together(ig.dedupe(rows, id="id", source="system"), rows) == {
        ("crm", "crm"), ("crm", "list"), ("crm", "shop"), ("list", "list"), ("list", "shop"), ("shop", "shop"),
    }  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "apart",
    [
        [("crm", "crm")],
        [("shop", "crm")],
        [("crm", "crm"), ("list", "list"), ("shop", "shop")],
        [("crm", "list"), ("crm", "shop"), ("list", "shop")],
    ],
)
def test_rules_hold_in_links_and_in_clusters(apart, seed):
    rows = people(seed)
    found = ig.dedupe(rows, id="id", source="system", apart=apart)
    barred = {tuple(sorted(pair)) for pair in apart}
    met = together(found, rows)
    assert met.isdisjoint(barred)
    assert met  # something is still found
    system = dict(rows.select("id", "system").iter_rows())
    linked = {tuple(sorted((system[a], system[b]))) for a, b in found.links.select("left_id", "right_id").iter_rows()}
    assert linked.isdisjoint(barred)
    assert linked


def test_the_source_is_not_compared():
    found = ig.dedupe(people(), id="id", source="system")
    assert "system" not in {field.name for field in found.fields}
    assert found.links.equals(ig.dedupe(people().drop("system"), id="id").links)


def test_rules_that_do_not_fit_are_refused():
    rows = people()
    with pytest.raises(ConfigError, match="there is no source 'erp'; there are crm, list, shop"):
        ig.dedupe(rows, id="id", source="system", apart=[("crm", "erp")])
    with pytest.raises(ConfigError, match="say with source=… which column holds them"):
        ig.dedupe(rows, id="id", apart=[("crm", "crm")])
    with pytest.raises(ConfigError, match="no column 'where' to name sources by"):
        ig.dedupe(rows, id="id", source="where")
    some = rows.with_columns(pl.when(pl.col("id") != rows["id"][0]).then("system").alias("system"))
    with pytest.raises(ConfigError, match="1 rows without 'system'"):
        ig.dedupe(some, id="id", source="system")
