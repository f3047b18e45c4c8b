"""Advice on a scope: too narrow, too broad, or not said yet. Each rule is a function with a reason and a remedy.

What does not fit together stands in `queries.FINDINGS` and counts as a gap; this is what a reader of the scope would
ask about, for a person to weigh (domain.md 2.1 to 2.3). What nobody has said is no finding: it is told once as missing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tickmark.people.models import User
from tickmark.people.queries import stands
from tickmark.scope.criteria import Category
from tickmark.scope.mapped import Boundary
from tickmark.scope.models import Complement, Component, ComponentKind, VendorVersion
from tickmark.scope.naming import normal
from tickmark.scope.queries import Finding, Scope

MOST_CUECS = 12
"""More controls of customers than this is a warning sign (domain.md 2.1 DC 6, 10 case 81)."""
NAMED = 3
"""How many of a kind a finding names before it counts the others."""
LINKED = (ComponentKind.INFRASTRUCTURE, ComponentKind.SOFTWARE)
"""Kinds that hold data or serve a promise; people and procedures stand in the description for what they do."""
SUPERLATIVES = (
    "best in class,best-in-class,best of breed,best-of-breed,state of the art,state-of-the-art,world class,world-class,"
    "world leading,world-leading,industry-leading,industry leading,market-leading,market leading,leading provider,"
    "the leading,a leading,leading edge,leading-edge,cutting-edge,cutting edge,bank-grade,bank grade,military-grade,"
    "military grade,enterprise-grade,unparalleled,unrivalled,unrivaled,unmatched,unbeatable,unsurpassed,unequalled,"
    "the best,most secure,most reliable,most trusted,most advanced,most powerful,most modern,most innovative,safest,"
    "second to none,number one,first-class,top-notch,next-generation,next generation,revolutionary,seamless,"
    "bulletproof,unbreakable,unhackable,100 % secure,100% secure,completely secure,fully secure,absolutely secure,"
    "highest standards"
).split(",")
"""Words of advertising: a description holds facts that can be verified (domain.md 2)."""


@dataclass(frozen=True)
class View:
    """The scope of a day and what the reader may know of the interview: its answers by question."""

    scope: Scope
    told: Mapping[str, Any]

    @cached_property
    def boundary(self) -> Boundary:
        """Who reaches whom."""
        return Boundary(self.scope)

    @cached_property
    def passing(self) -> set[str]:
        """Codes of the components that something leaves or reaches."""
        found = {one.code for one in self.scope.components if one.flows}
        return found | {
            self.boundary.end_of(flow["to"]) for one in self.scope.components for flow in one.flows
        }

    def linked(self, one: Component) -> bool:
        """Whether somebody has said what the component is there for: its data, a promise, or what it passes on."""
        return bool(one.data or one.commitments) or one.code in self.passing

    @cached_property
    def parts(self) -> list[Component]:
        """Components inside that are expected to hold data or to serve a promise."""
        return [one for one in self.scope.components if one.inside and one.kind in LINKED]


def advice(scope: Scope, told: Mapping[str, Any]) -> list[Finding]:
    """What a reader would ask about the scope of the day; nothing before the system is described.

    `told` are the answers of the interview, by question, that the reader may see.
    """
    view = View(scope, told)
    return [] if scope.version is None else [one for rule in ADVICE for one in rule(view)]


def some(names: Iterable[str]) -> str:
    """`A, B, C and 4 more`."""
    held = list(names)
    more = len(held) - NAMED
    return ", ".join(held[:NAMED]) + (f" and {more} more" if more > 0 else "")


# -- too narrow ---------------------------------------------------------------------------------------------------


def data_outside(view: View) -> Iterator[Finding]:
    """A component that handles data of the system, left outside.

    People outside are customers with data of their own, and what a subservice organisation supplies is told with it.
    """
    held = {
        one.code: one.name for one in view.scope.components if one.kind == ComponentKind.DATA and one.inside
    }
    told = {one.vendor.code for one in view.scope.subservice}
    for one in view.scope.components:
        names = [held[code] for code in one.data if code in held]
        if names and not (one.inside or one.kind == ComponentKind.PEOPLE or one.supplier in told):
            yield Finding(
                "data-outside",
                f"{one.name} stands outside and handles {some(names)}.",
                "Data that is inside is promised to be protected wherever it goes.",
                "Place it inside, name the vendor behind it, or take the data away if it never gets there.",
                f"/scope/components/{one.ref}",
                "narrow",
            )


def relied_on(scope: Scope) -> Iterator[tuple[VendorVersion, str]]:
    """Vendors that reach data of the system, or without whom a promise of it cannot be kept, with the reason.

    Only those that are no subservice organisation: of the others it is decided.
    """
    promised = {one.code for one in scope.commitments}
    names = {one.code: one.name for one in scope.components}
    for one in scope.vendors:
        kept = [code for code in one.commitments if code in promised]
        reaches = [names[code] for code in one.data if code in names]
        because = [f"reaches {some(reaches)}"] if reaches else []
        because += [f"is needed for {some(kept)}"] if kept else []
        if because and not one.subservice:
            yield one, ", ".join(because)


def vendor_relied_on(view: View) -> Iterator[Finding]:
    """A vendor that reaches data, or without whom a promise cannot be kept, and is no subservice organisation."""
    for one, because in relied_on(view.scope):
        yield Finding(
            "vendor-relied-on",
            f"{one.name} {because} and is no subservice organisation.",
            "Would a criterion fail if it had no controls, and are your own not enough by themselves? "
            "Then the description names it with what is assumed there (DC 7).",
            "Mark it as a subservice organisation, or correct what rests on it.",
            f"/scope/vendors/{one.ref}",
            "narrow",
        )


def unknown_supplier(view: View) -> Iterator[Finding]:
    """A component inside whose supplier is no vendor in force."""
    known = {one.vendor.code for one in view.scope.vendors}
    for one in view.scope.components:
        if one.inside and one.supplier and one.supplier not in known:
            yield Finding(
                "unknown-supplier",
                f"{one.name} is supplied by {one.supplier}, which is no vendor on this day.",
                "Nobody looks at the controls of a supplier that stands in no list (CC9.2).",
                "Record the vendor, or correct who supplies it.",
                f"/scope/components/{one.ref}",
                "narrow",
            )


def flow_to_nowhere(view: View) -> Iterator[Finding]:
    """Something passed on to what does not stand in the scope."""
    for one in view.scope.components:
        for flow in one.flows:
            if not view.boundary.end_of(flow["to"]):
                yield Finding(
                    "flow-to-nowhere",
                    f"{one.name} passes {flow['what']} on to {flow['to']}, which stands nowhere in the scope.",
                    "Where data goes is inside, outside by decision, or a vendor's: a reader follows it.",
                    "Place the component or record the vendor, inside or outside, or correct the flow.",
                    f"/scope/components/{one.ref}",
                    "narrow",
                )


# -- too broad ----------------------------------------------------------------------------------------------------


def privacy_of_a_processor(view: View) -> Iterator[Finding]:
    """Privacy chosen by a company that said it only processes on behalf of its customers."""
    if Category.PRIVACY in view.scope.categories and view.told.get("role") == "processor":
        yield Finding(
            "privacy-of-a-processor",
            "Privacy is chosen, and the interview says that customers decide about the personal data.",
            "Most of its 18 criteria are duties of whoever decides; a processor usually promises confidentiality.",
            "Leave Privacy out, or correct the answer in the interview.",
            "/scope/describe",
            "broad",
        )


def idle_components(view: View) -> Iterator[Finding]:
    """A component with no data and no promise while others say theirs. Where nobody has said anything: one word.

    What a named vendor supplies is there for what runs on it, and is not asked what for.
    """
    idle = [one for one in view.parts if not view.linked(one)]
    if idle and len(idle) == len(view.parts):
        yield Finding(
            "links-missing",
            "Nobody has said which data the components hold and which promises they help to keep.",
            "Until then nothing here can tell a part too many from a part left out.",
            "Say it of each component, the most important first.",
            "/scope/components/",
            "missing",
        )
        return
    for one in (row for row in idle if not row.supplier):
        yield Finding(
            "idle-component",
            f"{one.name} holds no data, passes nothing on and serves no promise.",
            "What is inside is examined: each part too many costs controls, evidence and samples.",
            "Say what it is there for, or place it outside.",
            f"/scope/components/{one.ref}",
            "broad",
        )


def duplicates(view: View) -> Iterator[Finding]:
    """Components, or vendors, of one name in two codes."""
    named: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
    for component in view.scope.components:
        told = component.code, component.name, f"/scope/components/{component.ref}"
        named[component.kind, normal(component.name)].append(told)
    for vendor in view.scope.vendors:
        named["vendor", normal(vendor.name)].append(
            (vendor.vendor.code, vendor.name, f"/scope/vendors/{vendor.ref}")
        )
    for rows in map(sorted, named.values()):
        if len(rows) > 1:
            yield Finding(
                "duplicate",
                f"{rows[0][1]} stands in the scope {len(rows)} times: {some(code for code, _, _ in rows)}.",
                "One thing has one owner and one answer; two entries drift apart.",
                "Withdraw all but one, or give them names that tell them apart.",
                rows[-1][2],
                "broad",
            )


def many_cuecs(view: View) -> Iterator[Finding]:
    """More controls of customers than a reader can take in."""
    count = Counter(one.kind for one in view.scope.complements)[Complement.Kind.CUEC]
    if count > MOST_CUECS:
        yield Finding(
            "many-cuecs",
            f"Customers must operate {count} controls of their own.",
            "Each stands there because a criterion is not met without it; a long list reads as advice (DC 6).",
            "Keep those that a criterion needs and withdraw the others.",
            "/scope/complements/?kind=cuec",
            "broad",
        )


# -- how it is written, and by whom it is answered for -------------------------------------------------------------


def advertising(view: View) -> Iterator[Finding]:
    """Superlatives in what the report will print."""
    version = view.scope.version
    texts = {"The services read": version.services, "The boundary reads": version.boundary} if version else {}
    for label, text in texts.items():
        words = [word for word in SUPERLATIVES if re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)]
        if words:
            yield Finding(
                "advertising",
                f"{label} like advertising: “{words[0]}”.",
                "A description holds facts that somebody can verify (DC section 200).",
                "Say what it does, and how that can be seen.",
                "/scope/describe",
                "fit",
            )


def without_owner(view: View) -> Iterator[Finding]:
    """Components inside and vendors that nobody answers for: one finding for each list."""
    parts = [one for one in view.scope.components if one.inside]
    for one, rows, url in (("component", parts, "components"), ("vendor", view.scope.vendors, "vendors")):
        names = [row.name for row in rows if row.owner_id is None]
        if names:
            yield Finding(
                f"{one}-without-owner",
                f"{some(names)} {'has' if len(names) == 1 else 'have'} no owner.",
                f"Nobody is asked about a {one} that nobody answers for, or notices when it changes.",
                "Name who answers for each.",
                f"/scope/{url}/?owned=no",
                "missing",
            )


def owner_gone(view: View) -> Iterator[Finding]:
    """An owner whose account is closed by the end of the day, with what was theirs."""
    rows: list[Component | VendorVersion] = [*view.scope.components, *view.scope.vendors]
    owned: dict[User, list[Component | VendorVersion]] = defaultdict(list)
    for row in rows:
        if row.owner is not None and closed(row.owner, view.scope):
            owned[row.owner].append(row)
    for user, held in owned.items():
        away = [f"{row.backup_owner.name} stands in for {row.name}." for row in held
                if row.backup_owner is not None and not closed(row.backup_owner, view.scope)]  # fmt: skip
        yield Finding(
            "owner-gone",
            f"The account of {user.name} is closed, and {some(row.name for row in held)} "
            f"{'was' if len(held) == 1 else 'were'} theirs.",
            " ".join(["What is asked of the owner reaches nobody.", *away[:NAMED]]),
            "Name a new owner.",
            f"/scope/{'components' if isinstance(held[0], Component) else 'vendors'}/{held[0].ref}",
            "missing",
        )


def closed(user: User, scope: Scope) -> bool:
    """Whether the account was closed by the end of the day."""
    end = getattr(user, "end", None)
    return not user.is_active if end is None else stands(end, scope.day, scope.known)


ADVICE = (
    data_outside,
    vendor_relied_on,
    unknown_supplier,
    flow_to_nowhere,
    privacy_of_a_processor,
    idle_components,
    duplicates,
    many_cuecs,
    advertising,
    without_owner,
    owner_gone,
)
