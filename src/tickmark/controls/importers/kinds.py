"""What a table can hold: the fields of each kind of thing, what people call them, and where other programs keep them.

Headings are compared without case, marks and spaces, and with or without the word for the kind before them (`Control
Owner` in a list of controls is its owner; `Risk Owner` is not). The headings of `PRESETS` are those that the makers
publish: a table or answer that has them is known by them, every other one by the words that people use.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tickmark.controls.importers import values
from tickmark.controls.importers.values import Reader
from tickmark.scope import details

SINCE = "since"
"""The day from which a row holds: no field of the thing itself."""


@dataclass(frozen=True)
class Field:
    """A field of a kind: its name in the action, its words for people, how a cell is read, what else it is called."""

    name: str
    title: str
    read: Reader
    called: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of thing that a table lists. `scoped`: it belongs to a system.

    A row without a code gets one of its name (`named`). Where ids of other programs are kept, so that it is found
    again, it gets the next number after `stem` from `first` (the library has those below). Of other kinds each row
    must have its code. `needed` are the fields without which nothing new is recorded. `called` are short words for the
    kind that people put before the name of a field (`Ctrl #`).
    """

    name: str
    title: str
    many: str
    fields: tuple[Field, ...]
    scoped: bool = False
    stem: str = ""
    first: int = 1
    named: bool = False
    needed: tuple[str, ...] = ()
    called: tuple[str, ...] = ()

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        return {one.name: one for one in self.fields}

    def lacks(self, said: Mapping[str, object]) -> list[str]:
        """The words for what something new of this kind needs and does not say."""
        return [self.by_name[name].title.lower() for name in self.needed if said.get(name) in (None, "", [])]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What the kind itself is called, as it stands before the name of a field."""
        return tuple(dict.fromkeys(map(plain, (self.name, self.title, *self.called))))

    @cached_property
    def headings(self) -> Mapping[str, tuple[str, ...]]:
        """The plain headings of each field by its name, the likeliest first; none stands for two of them."""
        return {one.name: self._headings(one) for one in self.fields}

    def _headings(self, field: Field) -> tuple[str, ...]:
        names = map(plain, (field.title, field.name, *field.called))
        return tuple(dict.fromkeys(f"{word}{name}" for name in names for word in ("", *self.words)))

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The fields as choices of a column."""
        return tuple((one.name, one.title) for one in self.fields)


def plain(heading: str) -> str:
    """A heading without case, marks and spaces; `#` is read as the word number."""
    return re.sub(r"[\W_]+", "", heading.replace("#", "number")).casefold()


def _code(*called: str) -> Field:
    common = ("id", "ref", "reference", "ref id", "key", "number", "no", "identifier")
    return Field("code", "Code", values.line, (*called, *common))


_OWNER = Field(
    "owner", "Owner", values.owner,
    ("owners", "owner name", "responsible", "owner email", "assignee", "owner.emailAddress", "process owner",
     "business owner", "responsible person", "person responsible", "responsible party", "accountable"),
)  # fmt: skip
_BACKUP = Field("backup_owner", "Backup owner", values.owner, ("deputy", "secondary owner", "stand in"))
_CRITERIA = Field(
    "criteria", "Criteria", values.criteria,
    ("criterion", "tsc", "trust services criteria", "soc 2", "soc2 criteria", "soc 2 criteria", "mapped criteria",
     "mapped requirements", "requirements", "framework requirements", "tsc criteria", "tsc mapping", "criteria ids",
     "tsc ref", "tsc reference", "tsc id", "tsc criterion", "tsc number", "criteria ref", "criteria reference",
     "criteria mapping", "common criteria", "trust services criterion", "soc 2 ref", "soc 2 reference",
     "soc 2 mapping"),
)  # fmt: skip
_FOREIGN = Field(
    "foreign_ids", "Id elsewhere", values.codes, ("external id", "uuid", "urn", "foreign id", "source id")
)
_SINCE = Field(
    SINCE, "In force from", values.day, ("effective from", "effective date", "valid from", "start date")
)
_DATA = Field("data", "Data", values.data, ("data handled", "data stored", "data types", "data accessed"))
_PROMISES = Field("commitments", "Commitments", values.codes, ("promises", "service commitments"))

DETAIL = "details."
"""Stands before the name of a field that goes into the details of a component."""
_DETAIL_CALLED: Mapping[str, tuple[str, ...]] = {
    "source": ("data source", "origin"),
    "encryption": ("encryption at rest", "encrypted"),
    "retention": ("retention", "retention period", "retention time"),
    "deletion": ("deletion", "disposal", "deletion method"),
    "access": ("access", "who has access", "authorised roles", "authorized roles"),
    "personal": ("pii", "contains pii", "contains personal data", "personal information"),
    "role": ("data role", "processing role", "controller or processor"),
}
_DETAIL_WORDS = {"personal": values.PERSONAL, "role": values.ROLES, "automation": values.AUTOMATION}
_DETAIL_READ: Mapping[str, Reader] = {
    one.name: values.word(
        _DETAIL_WORDS[one.name] | {label.casefold(): name for name, label in one.choices.items()}
    )
    for one in details.every().values()
    if one.choices
}
_DETAILS = tuple(
    Field(f"{DETAIL}{name}", one.label, _DETAIL_READ.get(name, values.line), _DETAIL_CALLED.get(name, ()))
    for name, one in details.every().items()
)

CONTROL = Kind(
    "control", "Control", "Controls",
    (
        _code("control id", "control code", "control ref", "control number", "control key", "control no"),
        Field("title", "Title", values.line, ("control title", "control name", "name", "short name", "summary")),
        Field("statement", "Statement", values.text,
              ("control statement", "control description", "description", "control text", "control activity",
               "control", "activity", "activity description", "description of control", "control activities",
               "wording", "control language")),
        _CRITERIA,
        Field("nature", "Nature", values.nature,
              ("control nature", "automation", "manual or automated", "manual/automated", "automated or manual",
               "automated/manual", "execution")),
        Field("purpose", "Purpose", values.purpose,
              ("control type", "type", "control purpose", "preventive or detective", "preventive/detective")),
        Field("frequency", "Frequency", values.frequency,
              ("control frequency", "freq", "how often", "cadence", "periodicity", "frequency of operation",
               "operating frequency", "frequency of performance")),
        _OWNER,
        _BACKUP,
        Field("policy", "Policy", values.line, ("policy id", "policy code", "related policy", "linked policy")),
        Field("evidence_wanted", "Evidence wanted", values.text,
              ("evidence", "typical evidence", "evidence required", "evidence needed", "artifacts")),
        Field("performed_by", "Performed by", values.line, ("performer", "operator", "who")),
        Field("reviewed_by", "Reviewed by", values.line, ("reviewer", "approver")),
        _FOREIGN,
        _SINCE,
    ),
    stem="IMP",
    needed=("title", "statement", "criteria", "nature", "purpose", "frequency", "owner"),
    called=("ctrl", "ctl"),
)  # fmt: skip
COMPONENT = Kind(
    "component", "Component", "Components",
    (
        _code("component id", "component code", "asset id", "asset tag"),
        Field("name", "Name", values.line,
              ("component", "component name", "asset", "asset name", "title", "system", "system name", "resource",
               "resource name")),
        Field("kind", "Kind", values.component, ("type", "component type", "asset type", "category", "class")),
        Field("description", "Description", values.text,
              ("purpose", "notes", "details", "what it does", "what it is for")),
        Field("inside", "Inside the boundary", values.yes_no, ("in scope", "scope", "in boundary", "inside")),
        _OWNER,
        _BACKUP,
        _DATA,
        _PROMISES,
        Field("classification", "Classification", values.line, ("data classification", "sensitivity")),
        Field("location", "Location", values.line, ("region", "site", "where", "data center", "hosted in")),
        Field("supplier", "Supplier", values.vendor, ("vendor", "provider", "hosting provider")),
        *_DETAILS,
        _SINCE,
    ),
    scoped=True,
    named=True,
    needed=("kind", "name"),
    called=("asset",),
)  # fmt: skip
VENDOR = Kind(
    "vendor", "Vendor", "Vendors",
    (
        _code("vendor id", "vendor code", "supplier id"),
        Field("name", "Name", values.line,
              ("vendor", "vendor name", "supplier", "supplier name", "company", "third party", "service provider")),
        Field("service", "Service", values.text,
              ("services", "description", "service provided", "services provided", "what they do", "used for")),
        Field("subservice", "Subservice organisation", values.yes_no,
              ("subservice organization", "is subservice", "subservice", "subservice org")),
        Field("method", "Method", values.method, ("carve out or inclusive", "reporting method")),
        _CRITERIA,
        Field("monitored_by", "Monitored by", values.line, ("monitoring control", "monitored by control")),
        Field("report", "Its report", values.line, ("soc report", "report", "assurance report", "certification")),
        Field("report_end", "Its report ends", values.day, ("report end", "report end date", "period end")),
        _OWNER,
        _BACKUP,
        _DATA,
        _PROMISES,
        _SINCE,
    ),
    named=True,
    needed=("name", "service"),
    called=("supplier", "thirdparty"),
)  # fmt: skip
COMMITMENT = Kind(
    "commitment", "Commitment", "Commitments and requirements",
    (
        _code("commitment id", "requirement id", "commitment code"),
        Field("kind", "Kind", values.commitment, ("type", "commitment or requirement")),
        Field("category", "Category", values.category, ("tsc category", "trust services category")),
        Field("text", "Text", values.text, ("commitment", "requirement", "description", "statement", "promise")),
        Field("source", "Source", values.line, ("contract", "document", "where it stands", "found in")),
        Field("target", "Target", values.line, ("measure", "sla", "threshold", "objective")),
        Field("principal", "Principal", values.yes_no, ("is principal", "main")),
        _CRITERIA,
        _SINCE,
    ),
    scoped=True,
    needed=("kind", "category", "text", "source"),
)  # fmt: skip
COMPLEMENT = Kind(
    "complement", "Complementary control", "Complementary controls",
    (
        _code("cuec id", "csoc id", "complement id"),
        Field("kind", "Kind", values.complement, ("type", "cuec or csoc")),
        Field("vendor", "Vendor", values.vendor, ("subservice organisation", "subservice organization", "supplier")),
        Field("text", "Text", values.text, ("cuec", "csoc", "description", "control", "statement", "responsibility")),
        _CRITERIA,
        Field("why", "Why", values.text, ("reason", "rationale", "because")),
        _SINCE,
    ),
    scoped=True,
    needed=("kind", "text", "criteria"),
    called=("cuec", "csoc"),
)  # fmt: skip
POLICY = Kind(
    "policy", "Policy", "Policies",
    (
        _code("policy id", "policy code", "policy number"),
        Field("title", "Title", values.line, ("policy", "policy name", "policy title", "name")),
        Field("label", "Version", values.line, ("label", "revision", "policy version")),
        Field("text", "Text", values.text, ("content", "body", "policy text", "markdown")),
        _CRITERIA,
        _OWNER,
        _BACKUP,
        _FOREIGN,
        _SINCE,
    ),
    stem="POL",
    first=51,
    needed=("title", "label", "text", "owner"),
)  # fmt: skip
KINDS = {one.name: one for one in (CONTROL, COMPONENT, VENDOR, COMMITMENT, COMPLEMENT, POLICY)}


@dataclass(frozen=True)
class Preset:
    """Headings that a program's maker publishes, and the fields they go into. `source` is put before its ids.

    `signature` are the headings by which a file is known to come from it; `page` is where they are documented.
    """

    name: str
    source: str
    kind: str
    page: str
    signature: frozenset[str]
    fields: Mapping[str, str]


PRESETS = (
    Preset(
        "Hyperproof", "hyperproof", "control",
        "https://docs.hyperproof.io/admin/en/getting-started/importing-your-own-controls-10180",
        frozenset({"ID", "Name", "Description", "Domain", "Owner"}),
        {"ID": "code", "Name": "title", "Description": "statement", "Owner": "owner"},
    ),
    Preset(
        "6clicks", "6clicks", "control",
        "https://knowledgebase.6clicks.com/importing-controls-and-responsibilities-using-csv/excel",
        frozenset({"Control ID", "Control Title", "Control Description", "Control Domain"}),
        {"Control ID": "code", "Control Title": "title", "Control Description": "statement"},
    ),
    Preset(
        "Vanta", "vanta", "control",
        "https://developer.vanta.com/api-reference/controls/list-controls",
        frozenset({"id", "externalId", "name", "description", "domains"}),
        {"id": "foreign_ids", "externalId": "code", "name": "title", "description": "statement",
         "owner.emailAddress": "owner"},
    ),
    Preset(
        "Drata", "drata", "control",
        "https://developers.drata.com/docs/openapi/reference/operation/GRCPublicController_createControl",
        frozenset({"code", "name", "description", "question", "activity"}),
        {"id": "foreign_ids", "code": "code", "name": "title", "description": "statement"},
    ),
)  # fmt: skip


HEADINGS = frozenset(name for kind in KINDS.values() for called in kind.headings.values() for name in called)
"""Every heading that some kind knows."""


def preset_of(headings: Collection[str]) -> Preset | None:
    """The program that a table with such headings comes from, if its maker's headings are all there."""
    return next((one for one in PRESETS if one.signature <= set(headings)), None)


def guessed(kind: Kind, headings: Sequence[str], preset: Preset | None = None) -> dict[str, str]:
    """The field of each heading, by the maker's headings or by the words that people use; each field once."""
    found: dict[str, str] = {}
    if preset is not None and preset.kind == kind.name:
        found = {heading: preset.fields[heading] for heading in headings if heading in preset.fields}
    standing = {plain(one): one for one in reversed(headings) if one not in found}
    for field, called in kind.headings.items():
        match = next((standing[name] for name in called if name in standing), None)
        if match is not None and field not in found.values():
            found[match] = field
    return found


def kind_of(headings: Sequence[str]) -> Kind | None:
    """The kind whose fields fit most of the headings; nothing where two fit alike or none fits two."""
    preset = preset_of(headings)
    if preset is not None:
        return KINDS[preset.kind]
    fits = sorted(((_fit(kind, headings), kind.name) for kind in KINDS.values()), reverse=True)
    (best, name), (second, _) = fits[0], fits[1]
    return KINDS[name] if best >= 2 and best > second else None


def _fit(kind: Kind, headings: Sequence[str]) -> float:
    """How many headings fit; one that names the kind itself (`Control ID`) counts for more, a detail for nothing."""
    named = sum(plain(one).startswith((kind.name, *kind.called)) for one in headings)
    fields = [name for name in guessed(kind, headings).values() if not name.startswith(DETAIL)]
    return len(fields) + named / 2
