"""Salesforce: accounts, contacts, leads, and what is done with them, by API names or the snake_case that loaders write.

Ids are case-sensitive: 15 characters in reports, 18 with a checksum in exports; the longer form is the id.
The close date of an open opportunity is a hope.
Source: Object Reference for Salesforce, "Account", "Contact", "Lead", "Opportunity", "Task", "Event", "CampaignMember",
"OpportunityContactRole"; "ID Field Type".
"""

from __future__ import annotations

import re
from typing import Final

from idgraph.sources.preset import Preset
from idgraph.sources.table import TimeIf

__all__ = ["PRESETS"]


def _spell(name: str) -> list[str]:
    """`AccountId` is `account_id` where a loader renames it."""
    return [name, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()]


# A history table repeats an id for each change; an opportunity, a user, a task look much like the tables below.
_OTHER: Final = ("StageName", "Username", "WhoId", "_fivetran_start")
_CHANGED: Final = ("LastModifiedDate", "SystemModstamp")
_PERSON: Final[dict[str, str | tuple[str, ...]]] = {
    "full_name": "Name",
    "first_name": "FirstName",
    "last_name": "LastName",
    "title": "Title",
    "city": ("MailingCity", "City"),
    "country": ("MailingCountry", "Country"),
}

_WHO: Final = {"salesforce_contacts.id": ("WhoId", "ContactId"), "salesforce_leads.id": ("WhoId", "LeadId")}

PRESETS: Final = (
    Preset(
        source="salesforce_accounts",
        kind="crm_account",
        needs=("Id", "Name", ("BillingCountry", "BillingCity", "BillingStreet", "NumberOfEmployees"), "Website"),
        refuses=(*_OTHER, "LastName"),
        spell=_spell,
        id="Id",
        id_type="salesforce_accounts.id",
        identifiers={"domain": "Website", "phone": "Phone"},
        attributes={
            "name": "Name",
            "industry": "Industry",
            "country": "BillingCountry",
            "city": "BillingCity",
            "employees": "NumberOfEmployees",
        },
        same_as={"salesforce_accounts.id": "MasterRecordId"},
        owned_by={"salesforce_accounts.id": "ParentId"},
        time="CreatedDate",
        version=_CHANGED,
        deleted="IsDeleted",
    ),
    Preset(
        source="salesforce_contacts",
        kind="contact",
        needs=("Id", "LastName", "AccountId", "Email"),
        refuses=(*_OTHER, "IsConverted", "CommunityNickname"),
        spell=_spell,
        id="Id",
        id_type="salesforce_contacts.id",
        identifiers={"email": "Email", "phone": ("Phone", "MobilePhone")},
        attributes=_PERSON,
        belongs_to={"salesforce_accounts.id": "AccountId"},
        same_as={"salesforce_contacts.id": "MasterRecordId"},
        time="CreatedDate",
        version=_CHANGED,
        deleted="IsDeleted",
    ),
    Preset(
        source="salesforce_leads",
        kind="lead",
        needs=("Id", "LastName", "Company", "Email", ("IsConverted", "ConvertedContactId", "Status")),
        refuses=(*_OTHER, "AccountId"),
        spell=_spell,
        id="Id",
        id_type="salesforce_leads.id",
        identifiers={"email": "Email", "phone": ("Phone", "MobilePhone")},
        attributes={**_PERSON, "company_name": "Company"},
        belongs_to={"salesforce_accounts.id": "ConvertedAccountId"},
        same_as={"salesforce_contacts.id": "ConvertedContactId", "salesforce_leads.id": "MasterRecordId"},
        time="CreatedDate",
        version=_CHANGED,
        deleted="IsDeleted",
    ),
    Preset(
        source="salesforce_opportunities",
        kind=None,
        needs=("Id", "AccountId", "StageName", "CloseDate"),
        spell=_spell,
        identifiers={"salesforce_contacts.id": "ContactId"},
        belongs_to={"salesforce_accounts.id": "AccountId"},
        version=_CHANGED,
        deleted="IsDeleted",
        event={
            "opportunity_created": "CreatedDate",
            "opportunity_won": TimeIf("CloseDate", {"IsWon": "true"}),
            "opportunity_lost": TimeIf("CloseDate", {"IsClosed": "true", "IsWon": "false"}),
        },
        event_id=("Id",),
        properties={
            "amount": "Amount",
            "stage": "StageName",
            "type": "Type",
            "lead_source": "LeadSource",
            "campaign": "CampaignId",
        },
    ),
    Preset(
        source="salesforce_tasks",
        kind=None,
        needs=("Id", "WhoId", "Status", "Subject", "CreatedDate"),
        refuses=("StartDateTime", "StageName"),
        spell=_spell,
        identifiers=_WHO,
        belongs_to={"salesforce_accounts.id": "AccountId"},
        version=_CHANGED,
        deleted="IsDeleted",
        event={"task_logged": "CreatedDate"},
        event_id=("Id",),
        properties={"type": "Type", "subtype": "TaskSubtype", "status": "Status", "outcome": "CallDisposition"},
    ),
    Preset(
        source="salesforce_events",
        kind=None,
        needs=("Id", "WhoId", "Subject", ("StartDateTime", "ActivityDateTime"), "EndDateTime"),
        spell=_spell,
        identifiers=_WHO,
        belongs_to={"salesforce_accounts.id": "AccountId"},
        version=_CHANGED,
        deleted="IsDeleted",
        event={"meeting_held": ("ActivityDateTime", "StartDateTime")},
        event_id=("Id",),
        properties={"type": "Type", "subtype": "EventSubtype"},
    ),
    Preset(
        source="salesforce_campaign_members",
        kind=None,
        needs=("Id", "CampaignId", ("LeadId", "ContactId"), "Status", "CreatedDate"),
        refuses=("StageName", "WhoId"),
        spell=_spell,
        identifiers=_WHO,
        version=_CHANGED,
        deleted="IsDeleted",
        event={"campaign_joined": "CreatedDate", "campaign_responded": "FirstRespondedDate"},
        event_id=("Id",),
        properties={"campaign": "CampaignId", "status": "Status"},
    ),
    Preset(
        source="salesforce_opportunity_contact_roles",
        kind=None,
        needs=("Id", "OpportunityId", "ContactId", ("Role", "IsPrimary")),
        refuses=("StageName", "WhoId"),
        spell=_spell,
        identifiers={"salesforce_contacts.id": "ContactId"},
        attributes={"deal": "OpportunityId", "deal_role": "Role"},
        time="CreatedDate",
        version=_CHANGED,
        deleted="IsDeleted",
        event={"opportunity_contact_added": "CreatedDate"},
        event_id=("Id",),
        properties={"role": "Role", "primary": "IsPrimary", "opportunity": "OpportunityId"},
        about={"salesforce_opportunities": "OpportunityId"},
        primary={"IsPrimary": "true"},
    ),
)
