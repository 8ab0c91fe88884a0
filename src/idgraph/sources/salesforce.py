"""Salesforce: accounts, contacts and leads, by API names or in the snake_case that loaders write.

Ids are case-sensitive: 15 characters in reports, 18 with a checksum in exports; the longer form is the id.
Source: Object Reference for Salesforce, "Account", "Contact", "Lead"; "ID Field Type".
"""

from __future__ import annotations

import re
from typing import Final

from idgraph.sources.preset import Preset

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
)
