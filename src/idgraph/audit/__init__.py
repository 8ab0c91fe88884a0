"""Audit: why records are one entity, how good a partition is, what a run did."""
