"""HubSpot: contacts and companies, by property names, as `property_*`, or as the v3 API's JSON.

All values are text; several addresses and merged ids are parted by semicolons; merged contacts remain as rows.
Source: HubSpot's property reference; knowledge base, "Merge records".
"""

from __future__ import annotations

from typing import Final

from idgraph.schema import Kind
from idgraph.sources.preset import Preset
from idgraph.sources.table import KindBy

__all__ = ["PRESETS"]


def _spell(name: str) -> list[str]:
    """A property is a column, a column with a prefix, or a field of `properties`; a few are outside of them."""
    return [name, f"property_{name}", f"properties.{name}"]


# The API's own fields first: of the properties a request gets those it asks for.
_CREATED: Final = ("createdAt", "createdate")
_CHANGED: Final = ("updatedAt", "lastmodifieddate", "hs_lastmodifieddate")
_DELETED: Final = ("is_deleted", "_fivetran_deleted", "archived")
_LEAD_STAGES: Final[dict[str, Kind]] = {
    "subscriber": "lead",
    "lead": "lead",
    "marketingqualifiedlead": "lead",
    "salesqualifiedlead": "lead",
}

PRESETS: Final = (
    Preset(
        source="hubspot_contacts",
        kind=KindBy("lifecyclestage", _LEAD_STAGES, otherwise="contact"),
        needs=(("hs_object_id", "id"), "email", ("firstname", "lastname", "lifecyclestage", "hs_merged_object_ids")),
        refuses=("dealname", "hs_ticket_category"),
        spell=_spell,
        id=("hs_object_id", "id"),
        id_type="hubspot_contacts.id",
        identifiers={
            "email": ("email", "hs_additional_emails"),
            "phone": ("phone", "mobilephone"),
            "hubspotutk": "hubspotutk",
        },
        attributes={
            "first_name": "firstname",
            "last_name": "lastname",
            "title": "jobtitle",
            "company_name": "company",
            "city": "city",
            "country": "country",
        },
        belongs_to={"hubspot_companies.id": "associatedcompanyid"},
        merged={"hubspot_contacts.id": ("hs_merged_object_ids", "hs_calculated_merged_vids")},
        time=_CREATED,
        version=_CHANGED,
        deleted=_DELETED,
    ),
    Preset(
        source="hubspot_companies",
        kind="crm_account",
        needs=(("hs_object_id", "id"), "name", ("domain", "industry", "hs_additional_domains")),
        refuses=("firstname", "lastname", "dealname", "uuid", "organization_id"),
        mark=r"^(hs_|property_|properties\.)",  # an id, a name and an industry are in every table of companies
        spell=_spell,
        id=("hs_object_id", "id"),
        id_type="hubspot_companies.id",
        identifiers={"domain": ("domain", "hs_additional_domains", "website"), "phone": "phone"},
        attributes={
            "name": "name",
            "industry": "industry",
            "country": "country",
            "city": "city",
            "employees": "numberofemployees",
        },
        merged={"hubspot_companies.id": "hs_merged_object_ids"},
        owned_by={"hubspot_companies.id": "hs_parent_company_id"},
        time=_CREATED,
        version=_CHANGED,
        deleted=_DELETED,
    ),
)
