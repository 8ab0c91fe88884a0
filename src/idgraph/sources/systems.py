"""The known systems, in one list: to add one is to write its file and name it here."""

from __future__ import annotations

from typing import Final

from idgraph.sources import (
    amplitude,
    billing,
    crunchbase,
    ga4,
    hubspot,
    intercom,
    marketo,
    mixpanel,
    pendo,
    product,
    salesforce,
    segment,
    snowplow,
    stripe,
    support,
    zendesk,
)
from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

PRESETS: Final[tuple[Preset, ...]] = tuple(
    preset
    for system in (
        product,  # first: a user or tenant who is known by an id only is one of the product's own table
        *(salesforce, hubspot, marketo, intercom, zendesk, stripe),
        *(segment, snowplow, ga4, amplitude, mixpanel, pendo),
        *(billing, support, crunchbase),
    )
    for preset in system.PRESETS
)
