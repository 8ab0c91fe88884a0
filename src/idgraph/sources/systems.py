"""The known systems, in one list: to add one is to write its file and name it here."""

from __future__ import annotations

from typing import Final

from idgraph.sources import (
    amplitude,
    billing,
    crunchbase,
    hubspot,
    mixpanel,
    pendo,
    product,
    salesforce,
    segment,
    support,
)
from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

PRESETS: Final[tuple[Preset, ...]] = tuple(
    preset
    for system in (salesforce, hubspot, segment, amplitude, mixpanel, pendo, product, billing, support, crunchbase)
    for preset in system.PRESETS
)
