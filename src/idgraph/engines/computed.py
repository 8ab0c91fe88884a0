"""Frames that are plans, each computed once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from idgraph.engines.base import Engine

__all__ = ["Computed"]


class Computed(Mapping[str, nw.LazyFrame]):
    """Frames of a run: each is a plan, computed once, when it is first asked for."""

    def __init__(self, plans: Mapping[str, nw.LazyFrame], engine: Engine) -> None:
        self._plans = plans
        self._engine = engine
        self._done: dict[str, nw.LazyFrame] = {}

    def __getitem__(self, name: str) -> nw.LazyFrame:
        if name not in self._done:
            self._done[name] = self._engine.checkpoint(self._plans[name])
        return self._done[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plans)

    def __len__(self) -> int:
        return len(self._plans)
