"""From events to product-qualified accounts: a qualification is a time, not a flag."""

from __future__ import annotations

from idgraph.pql.activity import Activity

__all__ = ["Activity"]
