"""The parts of a programme that belong to the scope; later steps register their own."""

from __future__ import annotations

from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    NotRelevant,
    SystemVersion,
    VendorVersion,
)
from tickmark.scope.programme import Part, register

OWNERS = ("owner", "backup_owner")

register(
    Part(
        "system",
        "System",
        "scope.describe",
        SystemVersion,
        "systems/{system}/system.md",
        lambda row: row.system.code,
        joins=("system",),
        body="services",
    )
)
register(
    Part(
        "vendor",
        "Vendor",
        "scope.add_vendor",
        VendorVersion,
        "vendors.toml",
        lambda row: row.vendor.code,
        joins=("vendor", *OWNERS),
        rank=lambda fields: bool(fields.get("data") or fields.get("commitments")),
    )
)
register(
    Part(
        "commitment",
        "Commitment",
        "scope.commit",
        Commitment,
        "systems/{system}/commitments.toml",
        lambda row: row.code,
        scoped=True,
        joins=("system",),
    )
)
register(
    Part(
        "component",
        "Component",
        "scope.place",
        Component,
        "systems/{system}/components.toml",
        lambda row: row.code,
        scoped=True,
        joins=("system", *OWNERS),
        rank=lambda fields: fields.get("kind") != ComponentKind.DATA,
    )
)
register(
    Part(
        "complement",
        "Complementary control",
        "scope.assume",
        Complement,
        "systems/{system}/complements.toml",
        lambda row: row.code,
        scoped=True,
        joins=("system", "vendor"),
    )
)
register(
    Part(
        "set-aside",
        "Criterion set aside",
        "scope.set_aside",
        NotRelevant,
        "systems/{system}/set-aside.toml",
        lambda row: row.criterion,
        named="criterion",
        scoped=True,
        joins=("system",),
    )
)
