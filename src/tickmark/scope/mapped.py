"""What the boundary's drawing and its table say, read from the scope of a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tickmark.scope import details
from tickmark.scope.boundary import Drawing, Flow, Part, draw
from tickmark.scope.models import Component, ComponentKind, Method, VendorVersion
from tickmark.scope.queries import Scope

VENDOR = "@"
"""Stands before the code of a vendor among the drawing's parts: a component may have the same code."""


@dataclass(frozen=True)
class Passed:
    """A flow as the table tells it. `known` is False where the end stands nowhere in the scope.

    `number` is that of its line in the picture, 0 where it has none.
    """

    start: str
    what: str
    end: str
    known: bool
    number: int = 0


@dataclass(frozen=True)
class Stood:
    """A component or a vendor as the table tells it."""

    name: str
    code: str
    kind: str
    side: str
    data: str
    supplier: str
    location: str
    owner: str


@dataclass(frozen=True)
class Boundary:
    """The system's boundary on a day: what stands in it, beside it, and what passes."""

    scope: Scope

    @cached_property
    def names(self) -> dict[str, str]:
        """What each part is called, by its code among the parts."""
        vendors = {VENDOR + one.vendor.code: one.name for one in self.scope.vendors}
        return {one.code: one.name for one in self.scope.components} | vendors

    @cached_property
    def vendors(self) -> list[VendorVersion]:
        """Those that have to do with the system: relied on, supplying a part, sent something, reaching data."""
        passed = {flow["to"] for one in self.scope.components for flow in one.flows}
        named = passed | {one.supplier for one in self.scope.components}
        return [
            one
            for one in self.scope.vendors
            if one.subservice or one.vendor.code in named or self._touches(one)
        ]

    def _touches(self, vendor: VendorVersion) -> bool:
        return bool({*vendor.data, *vendor.commitments} & self._own)

    @cached_property
    def _own(self) -> set[str]:
        """Codes of the system's data and commitments: a vendor may serve another system."""
        data = {one.code for one in self.scope.components if one.kind == ComponentKind.DATA}
        return data | {one.code for one in self.scope.commitments}

    @property
    def undrawn(self) -> int:
        """How many vendors have no part in the system, as far as anybody has said."""
        return len(self.scope.vendors) - len(self.vendors)

    @cached_property
    def drawing(self) -> Drawing | None:
        """The picture; None where nothing stands yet."""
        parts = [*map(self._component, self.scope.components), *map(self._vendor, self.vendors)]
        return (
            draw(parts, [flow for flow, known in self._flows() if known]) if self.scope.components else None
        )

    def end_of(self, code: str) -> str:
        """The part that a flow's end names: a component, else a vendor, else nothing."""
        return next((name for name in (code, VENDOR + code) if name in self.names), "")

    def _flows(self) -> Iterator[tuple[Flow, bool]]:
        for one in self.scope.components:
            for flow in one.flows:
                end = self.end_of(flow["to"])
                yield Flow(one.code, end or flow["to"], flow["what"]), bool(end)

    @cached_property
    def flows(self) -> list[Passed]:
        """Every flow, in the order of the picture's numbers; those without one, to nowhere too, come last."""
        numbers = self.drawing.numbers if self.drawing else {}
        found = [
            Passed(
                self.names[flow.start],
                flow.what,
                self.names.get(flow.end, flow.end),
                known,
                numbers.get((flow.start, flow.end), 0),
            )
            for flow, known in self._flows()
        ]
        return sorted(found, key=lambda one: (not one.number, one.number))

    def _component(self, one: Component) -> Part:
        holds, supplier = self._named(one.data), self._supplier(one)
        notes = (
            one.classification and f"class {one.classification}",
            holds and f"holds {holds}",
            supplier and f"by {supplier}",
        )
        return Part(one.code, one.name, one.kind, one.inside, tuple(filter(None, notes)))

    def _vendor(self, one: VendorVersion) -> Part:
        reaches = self._named(one.data)
        role = Method(one.method).label if one.subservice else "vendor"
        notes = (role, reaches and f"reaches {reaches}")
        return Part(VENDOR + one.vendor.code, one.name, "vendor", False, tuple(filter(None, notes)))

    def _named(self, codes: list[str]) -> str:
        return ", ".join(self.names.get(code, code) for code in codes if code in self.names)

    def _supplier(self, one: Component) -> str:
        return self.names.get(VENDOR + one.supplier, one.supplier) if one.supplier else ""

    def told(self, one: Component | VendorVersion) -> list[str]:
        """What a component or a vendor has to do with others, in words."""
        word = "Holds" if isinstance(one, Component) else "Reaches"
        holds = self._named(one.data)
        found = self._details(one) if isinstance(one, Component) else []
        found += [f"{word} {holds}"] if holds else []
        found += [f"For {', '.join(one.commitments)}"] if one.commitments else []
        return found + (self._told_of_flows(one) if isinstance(one, Component) else [])

    def _details(self, one: Component) -> list[str]:
        said = [("Class", one.classification)] if one.classification else []
        return [f"{label}: {words}" for label, words in [*said, *details.told(one.details)]]

    def _told_of_flows(self, one: Component) -> list[str]:
        passed = [f"Passes on {flow['what']} to {self._end_name(flow['to'])}" for flow in one.flows]
        return passed + ([f"Supplied by {self._supplier(one)}"] if one.supplier else [])

    def _end_name(self, code: str) -> str:
        return self.names.get(self.end_of(code), code)

    @cached_property
    def rows(self) -> list[Stood]:
        """Every part with kind, side, data, supplier and owner."""
        return [*map(self._component_row, self.scope.components), *map(self._vendor_row, self.vendors)]

    def _component_row(self, one: Component) -> Stood:
        side, owner = "inside" if one.inside else "outside", one.owner.name if one.owner else ""
        kind = ComponentKind(one.kind).label
        if one.classification:
            kind += f", class {one.classification}"
        data, supplier = self._named(one.data), self._supplier(one)
        return Stood(one.name, one.code, kind, side, data, supplier, one.location, owner)

    def _vendor_row(self, one: VendorVersion) -> Stood:
        kind = f"Subservice organisation, {Method(one.method).label.lower()}" if one.subservice else "Vendor"
        owner = one.owner.name if one.owner else ""
        return Stood(one.name, one.vendor.code, kind, "outside", self._named(one.data), "", "", owner)
