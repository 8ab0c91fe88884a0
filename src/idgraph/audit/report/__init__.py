"""The page: one HTML file that says what a graph is, what is risky in it, and what changed."""

from idgraph.audit.report.page import report

__all__ = ["report"]
