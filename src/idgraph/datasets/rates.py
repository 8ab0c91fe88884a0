"""How often things go wrong in a world, in its usual and its hostile setting."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOSTILE", "USUAL", "Rates"]


@dataclass(frozen=True)
class Rates:
    """Shares in 0..1; each says of what."""

    kiosk: float = 0.05
    """Companies with three product users or more that share one device."""
    booth: float = 0.0015
    """Booth tablets per person; 6 to 25 people fill the form on one (in a hostile world 2 to 12, with their mail)."""
    booth_people: tuple[int, int] = (6, 25)
    booth_mail: bool = False
    support: float = 0.002
    """Devices of support agents who log in as customers, per company."""
    junk_phone: float = 0.04
    """CRM phones that are a placeholder."""
    junk_mail: float = 0.02
    """CRM mail addresses that are a placeholder."""
    role_mail: float = 0.03
    """CRM mail addresses that are a role mailbox of the company."""
    wrong_mail: float = 0.003
    """CRM mail addresses that are a colleague's, copied by the rep."""
    shared_inbox: float = 0.0
    """People who give a mailbox they share with a colleague as their private one."""
    poison: float = 0.0
    """People records with one value that belongs to somebody else."""


USUAL = Rates()
HOSTILE = Rates(
    kiosk=0.15,
    booth=0.004,
    booth_people=(2, 12),
    booth_mail=True,
    support=0.006,
    junk_phone=0.12,
    junk_mail=0.05,
    role_mail=0.06,
    wrong_mail=0.01,
    shared_inbox=0.03,
    poison=0.05,
)
