"""What `run.json` says of a run besides counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines.base import Engine

__all__ = ["previous_facts", "run_facts", "when"]


def previous_facts(previous: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """Name the result whose ids were carried over, and in what it was made otherwise: `differs`, names of settings."""
    settings = [dict(facts.get("config", {})) for facts in (previous, run)]
    differs = sorted(name for name in settings[1] if settings[0].get(name) != settings[1][name])
    if previous.get("idgraph") != run.get("idgraph"):
        differs.append("idgraph")
    return {"run_id": previous.get("run_id"), "idgraph": previous.get("idgraph"), "differs": differs}


def when() -> dict[str, str]:
    """What tells a run from others."""
    return {"run_id": uuid4().hex, "at": datetime.now(UTC).isoformat(timespec="seconds")}


def run_facts(config: Config, engine: Engine, sources: list[dict[str, Any]]) -> dict[str, Any]:
    """What `run.json` says of a run besides counts: when, versions, settings without secrets, and what was read."""
    return {
        **when(),
        "idgraph": version("idgraph-b2b"),
        "engine": engine.name,
        "config": config.model_dump(mode="json", exclude={"id_key"}),
        "id_key": config.id_key is not None,
        "sources": sources,
    }
