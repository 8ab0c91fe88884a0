"""Record ids of every exported table, and which entity each record truly is."""

from __future__ import annotations

import polars as pl

__all__ = ["EVENT_KEYS", "ROW_KEYS", "membership_truth", "native_ids", "table_truth"]

ROW_KEYS = {
    "salesforce_accounts": "Id",
    "salesforce_contacts": "Id",
    "salesforce_leads": "Id",
    "hubspot_contacts": "hs_object_id",
    "hubspot_companies": "hs_object_id",
    "segment_users": "id",
    "app_users": "user_id",
    "app_tenants": "tenant_id",
    "crunchbase_organizations": "uuid",
}
"""Tables in which a row is a record: the column with its id."""

EVENT_KEYS = {
    "segment_identifies": ("user_id", "anonymous_id", "email", "hubspotutk"),
    "segment_tracks": ("user_id", "anonymous_id"),
    "segment_pages": ("user_id", "anonymous_id"),
    "segment_groups": ("user_id", "anonymous_id"),
    "segment_aliases": ("user_id", "previous_id"),
    "amplitude_events": ("user_id", "device_id", "amplitude_id"),
}
"""Event tables, in which a record is a distinct combination of these columns."""


def native_ids(source: str) -> pl.Expr:
    """The native id of each row of a table: its own id, or its identifiers joined by `|`, null as empty."""
    if source in ROW_KEYS:
        return pl.col(ROW_KEYS[source])
    return pl.concat_str([pl.col(column).cast(pl.String).fill_null("") for column in EVENT_KEYS[source]], separator="|")


def table_truth(source: str, table: pl.DataFrame) -> pl.DataFrame:
    """The entity of each record of one table.

    A combination that several people left (a kiosk before anybody logs in) is nobody's: it gets an entity of its own,
    `shared_…`.

    Args:
        source: name of the table.
        table: its rows with a column _entity (null: nobody's).

    Returns:
        record_id, entity_id; a row a record, sorted by record_id.
    """
    record = pl.concat_str([pl.lit(source), native_ids(source)], separator=":")
    rows = table.select(record.alias("record_id"), "_entity")
    held = (
        rows.group_by("record_id").agg(pl.col("_entity").min(), people=pl.col("_entity").n_unique()).sort("record_id")
    )
    alone = (pl.col("people") == 1) & pl.col("_entity").is_not_null()
    nobody = pl.lit("shared_") + pl.col("record_id")
    return held.select("record_id", entity_id=pl.when(alone).then("_entity").otherwise(nobody))


def membership_truth(people: pl.DataFrame, companies: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """Who belongs to which company, now, before or as a consultant; and to the private workspace somebody opened.

    Returns:
        person_id, company_id, sorted.
    """
    links = [
        pl.DataFrame({"person_id": held["_entity"], "company_id": companies["_entity"].gather(held[column])})
        for column in ("company", "old_company", "client")
        for held in [people.filter(pl.col(column) >= 0)]
    ]
    private = own.select(person="_person", company_id="_entity").join(
        people.select("person", person_id="_entity"), on="person"
    )
    return pl.concat([*links, private.select("person_id", "company_id")]).unique().sort("person_id", "company_id")
