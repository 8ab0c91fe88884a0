"""Stripe: customers, who pay, and their subscriptions.

A customer may be a company or somebody who pays for one; it stands for the company. Its address is often one of
accounting, or of who put in the card: it is shown, and joins nobody. What is in its metadata the vendor chose, so that
only a mapping can tell.
Source: Stripe's API reference, "The Customer object", "The Subscription object".
"""

from __future__ import annotations

from typing import Final

from idgraph.sources.preset import Preset
from idgraph.sources.table import TimeIf

__all__ = ["PRESETS"]

_DELETED: Final = ("is_deleted", "deleted")

PRESETS: Final = (
    Preset(
        source="stripe_customers",
        kind="crm_account",
        needs=("id", "email", "name", "delinquent", ("invoice_prefix", "livemode")),
        id="id",
        id_type="stripe_customers.id",
        time="created",
        deleted=_DELETED,
        identifiers={"email": "email", "phone": "phone"},
        attributes={
            "name": "name",
            "city": ("address_city", "address.city"),
            "country": ("address_country", "address.country"),
        },
    ),
    Preset(
        source="stripe_subscriptions",
        kind=None,
        needs=("id", ("customer_id", "customer"), "status", "current_period_end"),
        belongs_to={
            "stripe_customers.id": ("customer_id", "customer"),
            "app.tenant_id": ("metadata.tenant_id", "metadata.workspace_id"),
        },
        time=("start_date", "created"),
        event={
            "trial_started": "trial_start",
            "subscription_started": TimeIf("start_date", {"status": ["active", "past_due", "canceled", "unpaid"]}),
            "subscription_canceled": "canceled_at",
        },
        event_id=("id",),
        properties={"status": "status", "quantity": "quantity"},
        attributes={"subscription_status": "status", "seats": "quantity"},
    ),
)
