"""Words of other programs as values of ours. What can be read in two ways is not read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tickmark.controls.importers.told import Given, Names
from tickmark.kernel.errors import Invalid
from tickmark.kernel.references import storable
from tickmark.scope.criteria import Category, check_codes

Reader = Callable[[Any, Given], Any]
_GUARDED = frozenset({"'=", "'+", "'-", "'@"})
"""How exports begin a text that a spreadsheet would take for a formula."""
LONGEST = 100_000
"""Letters of one cell: a policy of forty pages."""


class Unreadable(ValueError):
    """A value that cannot be read: why, and what to write instead."""

    def __init__(self, why: str, remedy: str) -> None:
        self.why, self.remedy = why, remedy
        super().__init__(why)


def text(cell: Any, given: Given | None = None) -> str:
    """A cell as text: whole numbers without a point, days as ISO days."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        cell = int(cell)
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        cell = cell.date()
    found = cell.isoformat() if isinstance(cell, date) else "" if cell is None else str(cell)
    found = found.replace("\r\n", "\n").strip()
    if found[:2] in _GUARDED:
        found = found[1:]
    if not storable(found):
        raise Unreadable("It holds a NUL or half a character.", "Save the file as UTF-8 and try again.")
    if len(found) > LONGEST:
        raise Unreadable(f"It has {len(found):,} letters; {LONGEST:,} are read.", "Shorten it.")
    return found


def line(cell: Any, given: Given) -> str:
    """A text of one line."""
    return " ".join(text(cell).split())


# -- words of a list ------------------------------------------------------------------------------------------------

YES_NO: Mapping[str, bool] = {
    **dict.fromkeys("yes y true 1 x ✓ inside".split(), True),
    **dict.fromkeys("no n false 0 outside".split(), False),
    "in scope": True,
    "inside the boundary": True,
    "out of scope": False,
    "outside the boundary": False,
}
FREQUENCIES: Mapping[str, str] = {
    **dict.fromkeys(("continuous", "continuously", "ongoing", "real time", "real-time"), "continuous"),
    **dict.fromkeys(("event", "per event", "ad hoc", "ad-hoc", "as needed", "on demand"), "event"),
    **dict.fromkeys(("event driven", "event-driven", "per occurrence", "as required"), "event"),
    **dict.fromkeys(
        ("event based", "event-based", "on occurrence", "as it occurs", "as they occur"), "event"
    ),
    **dict.fromkeys(("per change", "on change", "upon change", "each change", "every change"), "event"),
    **dict.fromkeys(("per hire", "at hire", "on hire", "upon hire", "on hiring", "upon hiring"), "event"),
    **dict.fromkeys(("at onboarding", "on onboarding", "upon onboarding", "at offboarding"), "event"),
    **dict.fromkeys(("at termination", "on termination", "upon termination", "per termination"), "event"),
    **dict.fromkeys(("per incident", "per release", "per request", "upon request", "on request"), "event"),
    **dict.fromkeys(("event+annual", "per event and annually", "per event and annual"), "event+annual"),
    **dict.fromkeys(("daily", "every day", "each day"), "daily"),
    **dict.fromkeys(("weekly", "wkly", "every week", "each week"), "weekly"),
    **dict.fromkeys(("monthly", "mthly", "every month", "each month"), "monthly"),
    **dict.fromkeys(("quarterly", "qtrly", "qrtly", "qtly", "every quarter", "each quarter"), "quarterly"),
    **dict.fromkeys(("semi-annual", "semi-annually", "semiannual", "semiannually"), "semi-annual"),
    **dict.fromkeys(
        ("half-yearly", "half yearly", "semi annual", "semi annually", "twice a year", "every six months"),
        "semi-annual",
    ),
    **dict.fromkeys(("annual", "annually", "yearly", "every year", "once a year"), "annual"),
}
TWO_WAYS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("bi-annual", "biannual", "bi annual", "bi-annually", "biannually", "bi-yearly"),
        ("twice a year or every two years", "semi-annual or annual"),
    ),
    **dict.fromkeys(
        ("bi-monthly", "bimonthly", "bi monthly"),
        ("twice a month or every two months", "weekly, monthly or quarterly"),
    ),
    **dict.fromkeys(
        ("bi-weekly", "biweekly", "bi weekly"),
        ("twice a week or every two weeks", "daily, weekly or monthly"),
    ),
}
"""How often, in words that people use for two things: both of them, and what can be written instead."""
NATURES: Mapping[str, str] = {
    **dict.fromkeys(("m", "manual"), "M"),
    **dict.fromkeys(("a", "automated", "automatic", "fully automated"), "A"),
    **dict.fromkeys(("i", "it-dependent", "it dependent", "it-dependent manual"), "I"),
    **dict.fromkeys(("it dependent manual", "semi-automated", "semi automated", "hybrid"), "I"),
}
PURPOSES: Mapping[str, str] = {
    **dict.fromkeys(("p", "preventive", "preventative", "prevent"), "P"),
    **dict.fromkeys(("d", "detective", "detect"), "D"),
    **dict.fromkeys(("c", "corrective", "correct"), "C"),
}
COMPONENTS: Mapping[str, str] = {
    **dict.fromkeys(("infrastructure", "infra", "hardware", "network", "server", "cloud"), "infrastructure"),
    **dict.fromkeys(
        ("servers", "host", "virtual machine", "virtual machines", "vm", "vms"), "infrastructure"
    ),
    **dict.fromkeys(("database", "databases", "db", "database server", "cluster", "cache"), "infrastructure"),
    **dict.fromkeys(("bucket", "buckets", "storage", "storage bucket", "object storage"), "infrastructure"),
    **dict.fromkeys(("container", "containers", "load balancer", "cloud account"), "infrastructure"),
    **dict.fromkeys(("firewall", "router", "switch", "network device", "queue"), "infrastructure"),
    **dict.fromkeys(("endpoint", "endpoints", "laptop", "laptops", "laptop(s)"), "infrastructure"),
    **dict.fromkeys(("workstation", "workstations", "desktop", "desktops"), "infrastructure"),
    **dict.fromkeys(("device", "devices", "mobile device", "mobile devices"), "infrastructure"),
    **dict.fromkeys(("software", "application", "app", "service"), "software"),
    **dict.fromkeys(("applications", "apps", "web application", "web app", "mobile app"), "software"),
    **dict.fromkeys(("saas", "saas application", "saas app", "tool", "tools", "services"), "software"),
    **dict.fromkeys(("api", "website", "operating system", "middleware", "microservice"), "software"),
    **dict.fromkeys(("repository", "code repository", "source repository", "repo"), "software"),
    **dict.fromkeys(("people", "person", "team", "staff", "personnel"), "people"),
    **dict.fromkeys(("teams", "role", "roles", "department", "departments"), "people"),
    **dict.fromkeys(("procedures", "procedure", "process", "processes"), "procedures"),
    **dict.fromkeys(("data", "information", "data store", "data set", "dataset"), "data"),
}
COMMITMENTS: Mapping[str, str] = {
    **dict.fromkeys(("commitment", "service commitment", "promise"), "commitment"),
    **dict.fromkeys(("requirement", "system requirement"), "requirement"),
}
COMPLEMENTS: Mapping[str, str] = {
    **dict.fromkeys(("cuec", "user entity", "customer", "complementary user entity control"), "cuec"),
    **dict.fromkeys(("csoc", "subservice organisation", "subservice organization", "vendor"), "csoc"),
    "complementary subservice organization control": "csoc",
}
METHODS: Mapping[str, str] = {
    **dict.fromkeys(("carve-out", "carve out", "carveout", "carved out"), "carve-out"),
    **dict.fromkeys(("inclusive", "included"), "inclusive"),
}
PERSONAL: dict[str, str] = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "pii", "personal", "personal data"), "yes"),
    **dict.fromkeys(("no", "n", "false", "0", "none"), "no"),
}
ROLES: dict[str, str] = {
    **dict.fromkeys(("processor", "data processor"), "processor"),
    **dict.fromkeys(("controller", "data controller"), "controller"),
    **dict.fromkeys(("both", "controller and processor", "processor and controller"), "both"),
}
AUTOMATION: dict[str, str] = {
    **dict.fromkeys(("automated", "automatic", "fully automated"), "automated"),
    "manual": "manual",
    **dict.fromkeys(("partly", "partly automated", "semi-automated", "hybrid"), "partly"),
}
CATEGORIES: Mapping[str, str] = {
    name: one.value for one in Category for name in (one.value, one.value.replace("_", " "))
} | {"common criteria": Category.SECURITY.value}


def word(known: Mapping[str, Any]) -> Reader:
    """A reader for one of a list of words, in any case; a refusal names one word for each value."""
    first = {value: name for name, value in reversed(list(known.items())) if len(name) > 1}
    wanted = ", ".join(reversed(list(first.values())))

    def read(cell: Any, given: Given) -> Any:
        said = line(cell, given)
        if (found := known.get(said.casefold())) is None:
            raise Unreadable(
                f"'{said[:60]}' is none of the words that are known.", f"Write one of: {wanted}."
            )
        return found

    return read


_frequency = word(FREQUENCIES)


def frequency(cell: Any, given: Given) -> Any:
    """How often something is done. `bi-annual` is twice a year for some and every two years for others: not read."""
    said = line(cell, given)
    if said.casefold() in TWO_WAYS:
        means, instead = TWO_WAYS[said.casefold()]
        raise Unreadable(f"'{said}' can mean {means}.", f"Write {instead}.")
    return _frequency(cell, given)


yes_no, nature, purpose = word(YES_NO), word(NATURES), word(PURPOSES)
component, commitment, complement = word(COMPONENTS), word(COMMITMENTS), word(COMPLEMENTS)
method, category = word(METHODS), word(CATEGORIES)


LABELS = {
    "M": "manual",
    "A": "automated",
    "I": "IT-dependent manual",
    "P": "preventive",
    "D": "detective",
    "C": "corrective",
}


def shown(value: Any) -> str:
    """A value that was read, in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "nothing"
    return LABELS.get(value, str(value))


# -- days -----------------------------------------------------------------------------------------------------------

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_NAMED = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y", "%b %d %Y", "%d-%b-%Y")


def day(cell: Any, given: Given) -> str:
    """A day as ISO text. `01/02/2026` is the first of February or the second of January, so it is not read."""
    said = line(cell, given)
    if match := _ISO.fullmatch(said):
        return _day(said, match[1], match[2], match[3])
    if match := _DOTTED.fullmatch(said):
        return _day(said, match[3], match[2], match[1])
    if match := _SLASHED.fullmatch(said):
        first, second = int(match[1]), int(match[2])
        if first != second and first <= 12 and second <= 12:
            raise Unreadable(f"'{said}' can be read as two different days.", "Write it as 2026-01-31.")
        return _day(said, match[3], *((match[2], match[1]) if first > 12 else (match[1], match[2])))
    for form in _NAMED:
        try:
            return datetime.strptime(said, form).date().isoformat()
        except ValueError:
            continue
    raise _no_day(said)


def _day(said: str, year: str, month: str, number: str) -> str:
    try:
        return date(int(year), int(month), int(number)).isoformat()
    except ValueError:
        raise _no_day(said) from None


def as_day(said: str) -> date:
    """A day that was read before."""
    return date.fromisoformat(said)


def _no_day(said: str) -> Unreadable:
    return Unreadable(f"'{said[:40]}' is no day.", "Write it as 2026-01-31.")


# -- people, codes and criteria -------------------------------------------------------------------------------------

# begun at the first letter of a word only: a long word without an @ would be read anew from each of its letters
_ADDRESS = re.compile(r"(?<![^\s<>()\[\],;:])[^\s<>()\[\],;:]+@[^\s<>()\[\],;:]+")


def owner(cell: Any, given: Given) -> str:
    """The address of an account by address, by exact name, or written as `Name (address)`."""
    said = line(cell, given)
    match = _ADDRESS.search(said)
    key = (match[0] if match else said).casefold()
    if key not in given.people:
        remedy = (
            "Invite them first, or write somebody who has an account."
            if match
            else "Write their address, or invite them first."
        )
        raise Unreadable(f"'{said[:80]}' is nobody who has an account here.", remedy)
    if not given.people[key]:
        raise Unreadable(f"Several people are called '{said[:80]}'.", "Write the address.")
    return given.people[key]


def vendor(cell: Any, given: Given) -> str:
    """The code of a vendor, by its code or its exact name."""
    return named("vendor", line(cell, given), given.names)


def data(cell: Any, given: Given) -> list[str]:
    """The codes or names of kinds of data; which is which is told once all rows are read. A name may hold a comma."""
    whole = line(cell, given)
    return [whole] if given.names.called("any data", whole) else codes(cell, given)


def named(kind: str, said: str, names: Names) -> str:
    """The code of something by its code or name; what nothing is called stays as it is."""
    return only(names.meant(kind, said), said) or said


def only(found: Sequence[str], said: str) -> str:
    """The one that was found, or nothing. Raises Unreadable for several."""
    if len(found) > 1:
        raise Unreadable(f"Several are called '{said[:60]}'.", "Write the code.")
    return found[0] if found else ""


def codes(cell: Any, given: Given) -> list[str]:
    """Codes that are split by commas, semicolons, bars or lines."""
    return list(dict.fromkeys(one.strip() for one in re.split(r"[,;|\n]", text(cell)) if one.strip()))


_CRITERION = re.compile(
    r"(?<![A-Za-z0-9.])(CC|PI|A|C|P)[ -]?(\d{1,2})\.(\d{1,2})(?:[.-]\d{1,2})?(?![\d.])", re.I
)
_FILLER = re.compile(r"\b(tsc|soc\s*2|aicpa|trust services criteria|and|2017|type\s*[12]i?)\b|[\W_]+", re.I)
_ELSEWHERE = re.compile(
    r"\b(iso|iec|nist|csf|hipaa|pci|gdpr|ccpa|cis|csa|cobit|fedramp|cmmc|hitrust|soc\s*1)\b", re.I
)


def criteria(cell: Any, given: Given) -> list[str]:
    """Criteria in any of the ways in which people write them: `CC 6.1`, `TSC CC6.1`, `CC6.1; CC6.2`, `CC6.1 CC6.2`.

    A point of focus (`CC6.1.3`) counts for its criterion. A piece about another framework gives only ids that it cannot
    share with it (`A1.2` may be one of ISO's); any other piece that names no criterion is refused.
    """
    found: list[str] = []
    for piece in re.split(r"[,;|\n]", text(cell)):
        named = [
            f"{series.upper()}{int(major)}.{int(minor)}" for series, major, minor in _CRITERION.findall(piece)
        ]
        if _ELSEWHERE.search(piece):
            found += [one for one in named if one.startswith("CC")]
        elif _FILLER.sub(" ", _CRITERION.sub(" ", piece)).strip():
            raise Unreadable(
                f"'{piece.strip()[:60]}' names no criterion.", "Write the ids, such as CC6.1, CC6.2."
            )
        else:
            found += named
    return list(_known(dict.fromkeys(found)))


def _known(ids: Mapping[str, Any]) -> tuple[str, ...]:
    try:
        return check_codes(ids)
    except Invalid as error:
        raise Unreadable(f"{error.what} {error.why}", error.remedy) from None


def criterion_of(reference: str) -> str:
    """The criterion that a reference of another program names (`cc6.1`, `CC6.1.3`), or nothing."""
    match = _CRITERION.fullmatch(reference.strip())
    if match is None:
        return ""
    try:
        return check_codes([f"{match[1].upper()}{int(match[2])}.{int(match[3])}"])[0]
    except Invalid:
        return ""
