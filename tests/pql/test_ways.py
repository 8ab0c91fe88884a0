"""The best way from each part of an account to its main one, told by its weakest evidence."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from idgraph.pql.ways import ways

IDENTIFIERS = {"record_id": pl.String, "type": pl.String, "value": pl.String, "weight": pl.Float64, "state": pl.String}
LINKS = {"left_id": pl.String, "right_id": pl.String, "rule": pl.String, "weight": pl.Float64, "state": pl.String}


def found(strict, main, identifiers=(), links=()):
    """Ways of the records `strict` (record to core) of one account."""
    cores = pl.DataFrame({"record_id": list(strict), "strict_id": list(strict.values())})
    held = pl.DataFrame(identifiers, schema=IDENTIFIERS, orient="row")
    used = pl.DataFrame(links, schema=LINKS, orient="row")
    told = ways(cores.with_columns(main_core=pl.lit(main)), held, used)
    return {core: (weight, rule) for core, weight, rule in told.iter_rows()}


def test_the_best_way_counts_and_not_the_weakest_evidence_of_the_account():
    strict = {"crm": "crm", "tenant": "tenant", "other": "other"}
    domain = [(record, "domain", "acme.io", 10.0, "used") for record in ("crm", "tenant")]
    links = [("crm", "other", "similar", 4.5, "used"), ("other", "tenant", "similar", 6.0, "used")]
    assert found(strict, "crm", domain, links) == {"tenant": (10.0, "domain"), "other": (6.0, "similar")}


def test_what_is_not_used_leads_nowhere():
    strict = {"crm": "crm", "tenant": "tenant"}
    domain = [(record, "domain", "acme.io", 10.0, "suppressed") for record in strict]
    links = [("crm", "tenant", "similar", 9.0, "review"), ("crm", "tenant", "similar", 5.0, "used")]
    assert found(strict, "crm", domain, links) == {"tenant": (5.0, "similar")}
    assert found(strict, "crm", domain) == {}


def test_records_of_one_core_are_one():
    strict = {"crm": "crm", "t1": "t", "t2": "t"}
    assert found(strict, "crm", links=[("crm", "t2", "similar", 7.0, "used")]) == {"t": (7.0, "similar")}


_LINKS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.integers(1, 9)).filter(
        lambda link: link[0] < link[1]
    ),
    max_size=14,
)


@given(_LINKS)
def test_it_is_the_widest_path(links):
    rows = [(left, right, "similar", float(weight), "used") for left, right, weight in links]
    told = found({name: name for name in "abcdef"}, "a", links=rows)
    widest = dict.fromkeys("bcdef", 0.0) | {"a": 99.0}
    for _ in range(6):  # Bellman and Ford
        for left, right, _rule, weight, _state in rows:
            for one, other in ((left, right), (right, left)):
                widest[other] = max(widest[other], min(widest[one], weight))
    assert {name: weight for name, (weight, _) in told.items()} == {
        name: weight for name, weight in widest.items() if name != "a" and weight
    }
