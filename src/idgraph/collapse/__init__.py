"""Collapse: evidence to entities."""
