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
        lambda row: row.system.code,
        joins=("system",),
    )
)
register(
    Part(
        "vendor",
        "Vendor",
        "scope.add_vendor",
        VendorVersion,
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
        lambda row: row.criterion,
        named="criterion",
        scoped=True,
        joins=("system",),
    )
)
