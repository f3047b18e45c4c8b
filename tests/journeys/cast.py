"""The characters of the example company whom the journey enters as, and what they write."""

from __future__ import annotations

FOUNDER = "Imogen Tarrow"
COMPLIANCE = "Rosalind Achterberg"
SYSTEMS = "Anneke Solberg"
PLATFORM = "Wren Castellane"
ENGINEERING = "Dmitri Okonjo-Vale"
REVIEWER = "Casimir Dunmore"
EMPLOYEE = "Felix Brandywine"
AUDIT_LEAD = "Gideon Marsh-Okafor"
AUDIT_STAFF = "Priya Stallworth"
PARTNER = "Helena Fennimore"
QUALITY = "Bartholomew Oake"

COMPANY = (FOUNDER, COMPLIANCE, REVIEWER, SYSTEMS, EMPLOYEE)
AUDITORS = (AUDIT_LEAD, AUDIT_STAFF, PARTNER, QUALITY)

DAY = "2026-11-16"
ENGAGEMENT = "soc2-2026"
NONCE = "larkspur-demo-nonce-1f6b0d52a9c74e83"
"""What the lead committed to at planning and kept off the host, as the demo's story tells."""
