"""People who share no value and are alike: joined where that is likely, left for review where it is not."""

import re
from functools import cache

import numpy as np
import polars as pl
import pytest

import idgraph as ig
from idgraph.errors import ConfigError


def _words(text):
    return text.split(" ")


FIRST = [
    start + end for start in _words("An Ber Car Del El Fab Gis Hel Iv Jor") for end in _words("a o ina ette us eth")
]
STARTS = _words("Abel Bran Cost Duar Erik Fisch Garc Hans Ivan Kleb Lom Mur")
ENDS = _words("ardi dtner okova ellini uchenko wright zadeh yama")
COMPANIES = [
    name + what for name in _words("acme beta corti delta epsi") for what in _words("robotics foods travel media law")
]


def colleagues() -> list[dict[str, str]]:
    """People of 25 companies; the first is Ana Abelardi of acmerobotics."""
    rng = np.random.default_rng(1)
    people = [
        {"first": str(rng.choice(FIRST)), "last": str(rng.choice(STARTS) + rng.choice(ENDS)), "company": company}
        for company in COMPANIES * 8
    ]
    return [{"first": "Ana", "last": "Abelardi", "company": "acmerobotics"}, *people[1:]]


def resolved(*more: dict[str, str | None], users: tuple[dict[str, str | None], ...] = (), **settings) -> ig.Graph:
    """Users, and leads for every third of them, who share their name and company and no value."""
    people = colleagues()
    product = [
        {"id": f"u{place}", "name": f"{p['first']} {p['last']}", "mail": f"{p['first']}.{p['last']}@{p['company']}.io"}
        for place, p in enumerate(people)
    ]
    leads = [
        {"id": f"l{place}", "name": f"{p['first']} {p['last']}", "mail": None, "company": p["company"]}
        for place, p in enumerate(people[::3])
    ]
    schema = dict.fromkeys(("id", "name", "mail", "company"), pl.String)
    identifiers, attributes = {"email": "mail"}, {"full_name": "name", "company_name": "company"}
    return ig.resolve(
        ig.Source(
            "users",
            kind="user",
            id="id",
            data=pl.DataFrame([*product, *users], schema=schema),
            identifiers=identifiers,
            attributes=attributes,
        ),
        ig.Source(
            "leads",
            kind="lead",
            id="id",
            data=pl.DataFrame([*leads, *more], schema=schema),
            identifiers=identifiers,
            attributes=attributes,
        ),
        **settings,
    )


@cache
def plain() -> ig.Graph:
    return resolved()


def entity(graph: ig.Graph, record: str) -> str:
    return graph.assignments.filter(pl.col("record_id") == record)["entity_id"].item()


def between(graph: ig.Graph, left: str, right: str) -> dict | None:
    ends = sorted((left, right))
    found = graph.links.filter((pl.col("left_id") == ends[0]) & (pl.col("right_id") == ends[1]))
    return found.row(0, named=True) if found.height else None


def test_a_lead_without_address_goes_to_the_user_of_its_name_and_company():
    graph = plain()
    found = [entity(graph, f"leads:l{place}") == entity(graph, f"users:u{3 * place}") for place in range(67)]
    assert sum(found) >= 65  # of two, others have nearly the name in the same company
    assert graph.profiles.height == 267 - sum(found)


def test_a_link_says_what_agrees_and_how_likely_it_is_and_is_never_strict():
    link = between(plain(), "leads:l0", "users:u0")
    assert link["rule"] == "similar"
    assert link["state"] == "used"
    assert re.match(r"given: same \+[0-9.]+; family: same \+[0-9.]+; ", link["evidence"])
    assert 0.9 < link["probability"] <= 1
    assert not link["strict"]
    strict = plain().assignments.filter(pl.col("record_id").is_in(["leads:l0", "users:u0"]))["strict_id"]
    assert strict.n_unique() == 2


def test_switched_off_nobody_is_joined():
    graph = resolved(config=ig.Config(without=("similar",)))
    assert graph.profiles.height == 267
    assert graph.models == ig.Models()


@pytest.mark.parametrize("name", ["Abelardi Ana", "ABELARDI ANA", "Ana Abelradi", "A. Abelardi"])
def test_a_name_may_be_turned_mistyped_or_shortened(name):
    graph = resolved({"id": "x", "name": name, "mail": None, "company": "Acme Robotics Inc."})
    assert entity(graph, "leads:x") == entity(graph, "users:u0")


def test_namesakes_of_a_company_stay_two_and_a_lead_of_that_name_goes_to_neither():
    namesake = {"id": "again", "name": "Ana Abelardi", "mail": "ana.abelardi2@acmerobotics.io", "company": None}
    graph = resolved(users=(namesake,))
    assert entity(graph, "users:again") != entity(graph, "users:u0")
    assert entity(graph, "leads:l0") not in {entity(graph, "users:again"), entity(graph, "users:u0")}
    assert {between(graph, "leads:l0", f"users:{user}")["reason"] for user in ("again", "u0")} & {"rivals"}


def test_strangers_of_one_name_stay_two():
    stranger = {"id": "x", "name": "Ana Abelardi", "mail": "ana.abelardi@zetamining.org", "company": "Zeta Mining"}
    graph = resolved(stranger)
    assert entity(graph, "leads:x") != entity(graph, "users:u0")


def test_what_was_judged_apart_stays_apart():
    said = pl.DataFrame({"left_id": ["leads:l0"], "right_id": ["users:u0"], "verdict": ["different"], "by": ["lea"]})
    graph = resolved(judgements=said)
    assert entity(graph, "leads:l0") != entity(graph, "users:u0")


def test_few_people_teach_nothing():
    people = [{"id": f"l{place}", "name": "Ana Abel", "mail": None} for place in range(9)]
    source = ig.Source("leads", kind="lead", id="id", data=pl.DataFrame(people), attributes={"full_name": "name"})
    assert ig.resolve(source).profiles.height == 9


def test_a_model_learnt_before_weighs_the_same_and_is_kept_with_the_result(tmp_path):
    graph = plain()
    kept = ig.open(graph.write(tmp_path / "out"))
    assert kept.models == graph.models == ig.Models.load(tmp_path / "out" / "models.json")
    again = resolved(models=kept.models)
    assert again.models == kept.models
    assert between(again, "leads:l0", "users:u0") == between(graph, "leads:l0", "users:u0")
    assert kept.without(value="ana.abelardi@acmerobotics.io").models == kept.models


def test_a_model_of_another_kind_of_table_is_refused(tmp_path):
    rows = pl.DataFrame({"town": ["Lyon", "Graz", "Turin"] * 30, "code": [f"{n // 2}-{n % 7}" for n in range(90)]})
    other = ig.dedupe(rows, columns={"town": "text", "code": "code"}).model
    with pytest.raises(ConfigError, match="another kind of table: it compares town, code"):
        resolved(models=ig.Models(people=other))
