"""Linkage: which evidence joins records, and what keeps them apart."""
