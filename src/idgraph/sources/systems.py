"""The known systems, in one list: to add one is to write its file and name it here."""

from __future__ import annotations

from typing import Final

from idgraph.sources import amplitude, crunchbase, hubspot, product, salesforce, segment
from idgraph.sources.preset import Preset

__all__ = ["PRESETS"]

PRESETS: Final[tuple[Preset, ...]] = tuple(
    preset for system in (salesforce, hubspot, segment, amplitude, product, crunchbase) for preset in system.PRESETS
)
