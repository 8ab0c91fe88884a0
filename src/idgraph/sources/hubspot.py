"""HubSpot: contacts, companies, deals, tickets, e-mails, forms.

Columns are property names, `property_*`, or those of the v3 API's JSON.

All values are text; several addresses and merged ids are parted by semicolons; merged contacts remain as rows. Which
company a deal is of, who is in it, and to which further companies a contact belongs is told by tables of associations.
Source: HubSpot's property reference; knowledge base, "Merge records"; API reference, "Associations" (type ids).
"""

from __future__ import annotations

from typing import Final

from idgraph.schema import Kind
from idgraph.sources.preset import Preset
from idgraph.sources.table import KindBy, TimeIf

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

_KIND_OF: Final = ("type_id", "category")  # what an association is
_FIRST: Final = ["1", "5", "26"]  # "… with primary company", of a contact, a deal, a ticket


def _associated(what: str, company: str = "", contact: str = "") -> Preset:
    """A table of associations: which company, or which contact, a deal or another record has to do with."""
    other = company or contact
    return Preset(
        source=f"hubspot_{what}_{'companies' if company else 'contacts'}",
        kind=None,
        needs=(f"{what}_id", other, _KIND_OF),
        refuses=("dealname", "subject", "email"),
        spell=_spell,
        identifiers={"hubspot_contacts.id": contact} if contact else {},
        belongs_to={"hubspot_companies.id": company} if company else {},
        attributes={"deal": "deal_id"} if contact and what == "deal" else {},
        deleted=_DELETED,
        about={f"hubspot_{what}s": f"{what}_id"},
        primary={"type_id": _FIRST} if company else {},
    )


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
    Preset(
        source="hubspot_deals",
        kind=None,
        needs=(("hs_object_id", "id", "deal_id"), "dealname", ("closedate", "createdate")),
        spell=_spell,
        identifiers={"hubspot_contacts.id": "associatedvids"},
        belongs_to={"hubspot_companies.id": ("hs_primary_associated_company", "associatedcompanyid")},
        version=_CHANGED,
        deleted=_DELETED,
        event={
            "deal_created": ("createdate", "createdAt"),
            "deal_won": TimeIf("closedate", {"dealstage": "closedwon"}),
            "deal_lost": TimeIf("closedate", {"dealstage": "closedlost"}),
        },
        event_id=(("hs_object_id", "id", "deal_id"),),
        properties={"amount": "amount", "stage": ("dealstage", "deal_pipeline_stage_id"), "pipeline": "pipeline"},
    ),
    Preset(
        source="hubspot_tickets",
        kind=None,
        needs=(("hs_object_id", "id"), ("hs_ticket_category", "hs_pipeline_stage"), "subject"),
        refuses=("dealname", "firstname"),
        spell=_spell,
        identifiers={"hubspot_contacts.id": "associatedvids"},
        belongs_to={"hubspot_companies.id": ("hs_primary_company_id", "associatedcompanyid")},
        version=_CHANGED,
        deleted=_DELETED,
        event={"ticket_opened": ("createdate", "createdAt"), "ticket_closed": "closed_date"},
        event_id=(("hs_object_id", "id"),),
        properties={"topic": "hs_ticket_category", "priority": "hs_ticket_priority"},
    ),
    Preset(
        source="hubspot_email_events",
        kind=None,
        needs=("id", "type", "created", "recipient", ("email_campaign_id", "emailCampaignId")),
        identifiers={"email": "recipient"},
        time="created",
        event="type",
        event_id=("id",),
        properties={"campaign": ("email_campaign_id", "emailCampaignId"), "url": "url"},
    ),
    Preset(
        source="hubspot_form_submissions",
        kind=None,
        needs=("contact_id", "form_id", "conversion_id", "timestamp"),
        identifiers={"hubspot_contacts.id": "contact_id"},
        event={"form_submitted": "timestamp"},
        event_id=("conversion_id",),
        properties={"form": "form_id", "page": "page_url", "title": "title"},
    ),
    Preset(
        source="hubspot_merged_contacts",
        kind=None,
        needs=("canonical_vid", "vid_to_merge"),
        time="timestamp",
        merged={"hubspot_contacts.id": "vid_to_merge"},
        about={"hubspot_contacts": "canonical_vid"},
    ),
    _associated("contact", company="company_id"),
    _associated("deal", company="company_id"),
    _associated("deal", contact="contact_id"),
    _associated("ticket", company="company_id"),
    _associated("ticket", contact="contact_id"),
)
