"""Marketo: leads, by the names of its fields or the snake_case that loaders write, and which were merged.

A merged lead is gone from the table of leads. A lead that is synchronised with Salesforce holds the ids it has there.
Source: Marketo's REST API, "Leads" and the activity "Merge Leads"; its fields for Salesforce.
"""

from __future__ import annotations

import re
from typing import Final

from idgraph.sources.preset import Preset
from idgraph.sources.table import KindBy

__all__ = ["PRESETS"]


def _spell(name: str) -> list[str]:
    """`firstName` is `first_name` where a loader renames it."""
    return [name, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()]


# An id, an address and a name are in every table of people; these fields are Marketo's.
_MARKS: Final = (
    "leadPartitionId",
    "marketoGUID",
    "acquisitionProgramId",
    "inferredCompany",
    "originalSourceType",
    "sfdcLeadId",
    "sfdcContactId",
    "sfdcAccountId",
)

PRESETS: Final = (
    Preset(
        source="marketo_leads",
        kind=KindBy("sfdcType", {"contact": "contact"}, otherwise="lead"),
        needs=("id", "email", ("firstName", "lastName"), _MARKS),
        spell=_spell,
        id="id",
        id_type="marketo_leads.id",
        time="createdAt",
        version="updatedAt",
        deleted="_fivetran_deleted",
        identifiers={
            "email": "email",
            "phone": ("phone", "mobilePhone"),
            "salesforce_contacts.id": "sfdcContactId",
            "salesforce_leads.id": "sfdcLeadId",
        },
        attributes={
            "first_name": "firstName",
            "last_name": "lastName",
            "title": "title",
            "company_name": "company",
            "city": "city",
            "country": "country",
        },
        belongs_to={"salesforce_accounts.id": "sfdcAccountId"},
    ),
    Preset(
        source="marketo_merged_leads",
        kind=None,
        needs=("lead_id", "merge_ids", "activity_date"),
        time="activity_date",
        merged={"marketo_leads.id": "merge_ids"},
        about={"marketo_leads": "lead_id"},
    ),
)
