"""Worlds with known truth, to try idgraph on and to measure it against; no step imports them."""

from idgraph.datasets.usage import CARD
from idgraph.datasets.world import World, saas_world

__all__ = ["CARD", "World", "saas_world"]
