"""What scores alerts gives the truth full marks, and reads a join by hand off the tables alone."""

from pathlib import Path

import polars as pl
import pytest

from idgraph.datasets import saas_world

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def worth():
    """The module, which is not shipped and so not installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benches import worth

        yield worth


@pytest.fixture(scope="module")
def world():
    return saas_world(80, seed=2).with_usage()


def test_true_identities_find_all_who_are_ready_and_nobody_else(worth, world):
    true = worth._activity(worth._truly(world), "company")
    found = worth._score(true, world, worth._in_salesforce(world, "company"))
    ready = world.usage_truth["ready_at"].count()
    assert (found["alerts"], found["found"], found["ready"]) == (ready, ready, ready)
    assert (found["called"], found["wrong"]) == (found["reachable"], 0)
    assert 0 < found["reachable"] < ready


def test_an_alert_at_the_account_of_another_company_is_a_wrong_call(worth, world):
    ready = world.usage_truth.filter(pl.col("ready_at").is_not_null())["company_id"]
    idle = world.usage_truth.filter(pl.col("ready_at").is_null())["company_id"][0]
    held = worth._in_salesforce(world, "company")
    moved = held.filter(pl.col("entity_id").is_in(ready.implode())).with_columns(company=pl.lit(idle))
    found = worth._score(worth._activity(worth._truly(world), "company"), world, moved)
    assert (found["called"], found["wrong"]) == (0, 1)


@pytest.mark.parametrize("column", ["tenant_id", "user_id"])
def test_a_join_by_hand_names_salesforce_accounts(worth, world, column):
    named = worth._joined_by_hand(world, column)
    assert named.height
    assert named[column].is_unique().all()
    ids = world.tables["salesforce_accounts"]["Id"].str.slice(0, 15)
    assert named["account"].is_in(ids.implode()).all()
