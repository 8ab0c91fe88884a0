"""Who reaches an account, and through what: everybody is counted once."""

import polars as pl

import idgraph as ig


def graph() -> ig.Graph:
    return ig.Graph.from_frames(
        records=pl.DataFrame(
            {
                "record_id": ["app:u1", "app:u2", "crm:c1", "crm:l1", "app:t1", "app:t2", "crm:a1", "crm:a2"],
                "kind": ["user", "user", "contact", "lead", "tenant", "tenant", "crm_account", "crm_account"],
            }
        ),
        memberships=pl.DataFrame(
            {
                "person_record_id": ["app:u1", "crm:c1", "crm:c1"],
                "company_record_id": ["app:t1", "crm:a1", "crm:a2"],
                "via": ["tenant", "crm", "crm"],
            }
        ),
        links=pl.DataFrame({"left_id": ["app:t1"], "right_id": ["crm:a1"]}),
    )


def test_people_are_counted_by_their_accounts_and_tenants_by_the_crm_accounts_they_are_part_of():
    found = graph().coverage().select("kind", "accounts", "via", "records", "entities").rows()
    assert sorted(found, key=str) == sorted(
        [
            ("user", "one", "tenant", 1, 1),
            ("user", "none", None, 1, 1),
            ("contact", "several", "crm", 1, 1),
            ("lead", "none", None, 1, 1),
            ("tenant", "one", None, 1, 1),
            ("tenant", "none", None, 1, 1),
        ],
        key=str,
    )


def test_everybody_is_counted_once():
    counted = graph().coverage()
    assert counted["records"].sum() == 6
