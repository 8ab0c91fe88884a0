"""Entities: profiles, tenants and accounts, and who belongs to which."""
