"""What is wrong with the data of a report, before anything is set (domain.md 2.1, 2.2, 3.4, 3.7)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from tickmark.report.template_data import PartKey, ReportData, ReportedControl
from tickmark.scope.criteria import applicable, categories_of

PARTS_OF_TYPE_1: tuple[PartKey, ...] = (
    "scope",
    "company_responsibilities",
    "auditor_responsibilities",
    "inherent_limitations",
    "opinion",
    "restricted_use",
)
"""What the auditor's report always contains; Type 2 also points to the tests (domain.md 3.1)."""

PRAISE = re.compile(
    r"\b(best[- ]in[- ]class|best[- ]of[- ]breed|state[- ]of[- ]the[- ]art|world[- ]class|cutting[- ]edge"
    r"|(?:bank|military|enterprise)[- ]grade|unbreakable|industry[- ]leading|100 ?% secure)\b",
    re.IGNORECASE,
)
"""A description may not read as advertising (domain.md 2)."""

CERTIFICATE = re.compile(r"\bSOC ?2[- ]+(?:type ?(?:1|2|I|II)[- ]+)?certif\w+", re.IGNORECASE)
"""An examination ends in a report and an opinion; there is no such certificate (domain.md 0.1)."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where in the data, what, and what to do about it.

    `draft` says that a draft may still be printed with it; the report cannot be issued.
    """

    path: str
    what: str
    remedy: str
    draft: bool = False


def check_report_data(data: Mapping[str, Any]) -> list[Problem]:
    """All problems of the data, shape first; an empty list means that the report can be set and issued.

    While the shape is wrong, nothing else is looked at.
    """
    wrong_shape = list(_shape(data, ReportData, ""))
    if wrong_shape:
        return wrong_shape
    report = cast(ReportData, data)
    checks = (_cover, _criteria, _coverage, _controls, _results, _references, _scope, _words, _ready_to_issue)
    return [problem for check in checks for problem in check(report)]


# ---- shape


def _shape(value: Any, kind: Any, path: str) -> Iterator[Problem]:
    """Compare a value with its declared type; every problem names the path of the field."""
    if is_typeddict(kind):
        yield from _fields(value, kind, path)
    elif get_origin(kind) is list:
        yield from _items(value, get_args(kind)[0], path)
    elif get_origin(kind) is Literal:
        if value not in get_args(kind) or isinstance(value, bool):
            yield Problem(path, f"{value!r} is not in the list.", f"Use one of {_options(get_args(kind))}.")
    elif get_origin(kind) in (Union, UnionType):
        if value is not None:
            yield from _shape(value, next(arm for arm in get_args(kind) if arm is not NoneType), path)
    elif type(value) is not kind:
        yield Problem(path, f"{value!r} is not of the kind {kind.__name__}.", f"Give a {kind.__name__}.")


def _options(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


def _fields(value: Any, kind: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path.rstrip("."), "An object is expected here.", f"Give the fields of {kind.__name__}.")
        return
    hints = get_type_hints(kind)
    for name in hints.keys() - value.keys():
        yield Problem(f"{path}{name}", "The field is missing.", "Give it, empty if there is nothing to say.")
    for name in value.keys() - hints.keys():
        yield Problem(f"{path}{name}", "No such field is known.", "Leave it out: nothing would print it.")
    for name in [name for name in hints if name in value]:
        dot = "." if is_typeddict(hints[name]) or get_origin(hints[name]) is list else ""
        yield from _shape(value[name], hints[name], f"{path}{name}{dot}")


def _items(value: Any, kind: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path.rstrip("."), "A list is expected here.", "Give a list, empty if there is nothing.")
        return
    for index, item in enumerate(value):
        yield from _shape(item, kind, f"{path}{index}" + ("." if is_typeddict(kind) else ""))


# ---- what, when


def _cover(report: ReportData) -> Iterator[Problem]:
    cover = report["cover"]
    wanted, unwanted = (
        (("start", "end"), ("as_of",)) if cover["type"] == 2 else (("as_of",), ("start", "end"))
    )
    fields: Mapping[str, Any] = cover
    for name in wanted:
        if not fields[name]:
            yield Problem(f"cover.{name}", f"A Type {cover['type']} report needs it.", "Give the date.")
    for name in unwanted:
        if fields[name]:
            yield Problem(f"cover.{name}", f"A Type {cover['type']} report has none.", "Leave it null.")
    if not cover["categories"]:
        yield Problem("cover.categories", "No category is named.", "Security is always one of them.")
    yield from _dates(report)


def _dates(report: ReportData) -> Iterator[Problem]:
    bad = [(path, text) for path, text in _dated(report) if not _is_date(text)]
    if bad:
        yield from (
            Problem(path, f"“{text}” is not a date.", "Write it as YYYY-MM-DD.") for path, text in bad
        )
        return
    cover = report["cover"]
    if cover["start"] and cover["end"] and cover["start"] > cover["end"]:
        yield Problem("cover.end", "The period ends before it starts.", "Put the two days in order.")
    last = cover["end"] or cover["as_of"]
    if last and cover["report_date"] and cover["report_date"] < last:
        yield Problem(
            "cover.report_date",
            f"The report would be dated before {last}, the last day it covers.",
            "A report is dated when the evidence for its opinion is complete.",
        )


def _dated(report: ReportData) -> Iterator[tuple[str, str]]:
    """Each date that is given, with its path."""
    cover: Mapping[str, Any] = report["cover"]
    given: list[tuple[str, str | None]] = [
        (f"cover.{name}", cover[name]) for name in ("start", "end", "as_of", "report_date")
    ]
    given.append(("auditor_report.signature.date", report["auditor_report"]["signature"]["date"]))
    given.append(("assertion.date", report["assertion"]["date"]))
    about = report["description"]
    given += [
        (f"description.incidents.{i}.discovered", x["discovered"]) for i, x in enumerate(about["incidents"])
    ]
    given += [(f"description.changes.{i}.date", x["date"]) for i, x in enumerate(about["changes"])]
    given += [(f"description.exclusions.{i}.until", x["until"]) for i, x in enumerate(about["exclusions"])]
    for index, control in enumerate(report["testing"]["controls"]):
        if days := control["in_force"]:
            path = f"testing.controls.{index}.in_force"
            given += [(f"{path}.start", days["start"]), (f"{path}.end", days["end"])]
    yield from ((path, text) for path, text in given if text is not None)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# ---- criteria and controls


def _criteria(report: ReportData) -> Iterator[Problem]:
    """Every applicable criterion once, in the official order, and no other (domain.md 0.4, rule 1)."""
    wanted = [criterion.id for criterion in applicable(report["cover"]["categories"])]
    given = [criterion["id"] for criterion in report["testing"]["criteria"]]
    for missing in [one for one in wanted if one not in given]:
        yield Problem("testing.criteria", f"{missing} is missing.", "Print each criterion of the categories.")
    for extra in [one for one in dict.fromkeys(given) if one not in wanted]:
        yield Problem("testing.criteria", f"{extra} is not in scope.", "Leave it out, or add its category.")
    for twice in [one for one, count in Counter(given).items() if count > 1]:
        yield Problem("testing.criteria", f"{twice} stands there twice.", "Print each criterion once.")
    if sorted(given) == sorted(wanted) and given != wanted:
        yield Problem("testing.criteria", "The criteria are out of order.", "Use their official order.")


def _coverage(report: ReportData) -> Iterator[Problem]:
    """A criterion has a control, a control of a subservice organisation, or a printed reason."""
    reasons = {one["criterion"]: one["reason"] for one in report["description"]["not_relevant"]}
    for index, criterion in enumerate(report["testing"]["criteria"]):
        path, met = f"testing.criteria.{index}", criterion["controls"] or criterion["csocs"]
        if criterion["not_relevant"] is None and not met:
            yield Problem(
                f"{path}.controls",
                f"Nothing meets {criterion['id']}.",
                "Map a control or a CSOC to it, or say in DC 8 why it is not relevant.",
            )
        if criterion["not_relevant"] is not None and met:
            yield Problem(
                f"{path}.not_relevant", f"{criterion['id']} is not relevant and yet met.", "Decide for one."
            )
        if criterion["not_relevant"] != reasons.get(criterion["id"]):
            yield Problem(
                f"{path}.not_relevant",
                f"Section IV and DC 8 differ about {criterion['id']}.",
                "Give the same reason in both.",
            )
    ids = {criterion["id"] for criterion in report["testing"]["criteria"]}
    for one in sorted(reasons.keys() - ids):
        yield Problem("description.not_relevant", f"{one} is not in scope.", "Leave it out of DC 8.")


def _controls(report: ReportData) -> Iterator[Problem]:
    """The map and the list of controls name the same controls, each once."""
    refs = [control["ref"] for control in report["testing"]["controls"]]
    mapped = {ref for criterion in report["testing"]["criteria"] for ref in criterion["controls"]}
    for twice in [ref for ref, count in Counter(refs).items() if count > 1]:
        yield Problem("testing.controls", f"Two controls are called {twice}.", "Give each its own reference.")
    for ref in sorted(mapped - set(refs)):
        yield Problem("testing.controls", f"{ref} is mapped but not described.", "Add the control.")
    for ref in sorted(set(refs) - mapped):
        yield Problem(
            "testing.controls", f"{ref} meets no criterion.", "Map it to a criterion or leave it out."
        )


def _results(report: ReportData) -> Iterator[Problem]:
    for index, control in enumerate(report["testing"]["controls"]):
        path = f"testing.controls.{index}.tests"
        if report["cover"]["type"] == 1 and control["tests"]:
            yield Problem(path, "A Type 1 report has no tests or results.", "Leave the list empty.")
        if report["cover"]["type"] == 2 and not control["tests"]:
            yield Problem(
                path, f"{control['ref']} has no test.", "Add its tests, or one with `not_tested`.", True
            )
        yield from _tests(control, path)


def _tests(control: ReportedControl, path: str) -> Iterator[Problem]:
    for index, test in enumerate(control["tests"]):
        here, result = f"{path}.{index}", test["result"]
        if (result == "exceptions") != bool(test["exceptions"]):
            yield Problem(
                f"{here}.exceptions",
                f"The result of {control['ref']} and its exceptions disagree.",
                "List at least one exception for the result `exceptions`, and none for any other.",
            )
        if result in ("did_not_operate", "not_tested") and not test["detail"].strip():
            yield Problem(f"{here}.detail", f"No reason is given for “{result}”.", "Say why in `detail`.")
        for number, found in enumerate(test["exceptions"]):
            if not 0 < found["deviations"] <= found["tested"]:
                yield Problem(
                    f"{here}.exceptions.{number}",
                    f"{found['deviations']} of {found['tested']} cannot be.",
                    "Give the number of items tested and how many of them deviated.",
                )


# ---- references


def _references(report: ReportData) -> Iterator[Problem]:
    other, about, testing = report["other_information"], report["description"], report["testing"]
    responses = {one["ref"] for one in other["responses"]}
    controls = {control["ref"] for control in testing["controls"]}
    csocs = {csoc["ref"] for one in about["subservices"] for csoc in one["csocs"]}
    pointed = {
        found["response"]
        for control in testing["controls"]
        for test in control["tests"]
        for found in test["exceptions"]
        if found["response"] is not None
    }
    yield from _unknown("testing.controls", pointed, responses, "response in Section V")
    yield from _unknown("other_information.responses", responses, pointed, "exception that points to it")
    yield from _unknown(
        "other_information.responses", {one["control"] for one in other["responses"]}, controls, "control"
    )
    yield from _unknown(
        "testing.criteria",
        {ref for one in testing["criteria"] for ref in one["csocs"]},
        csocs,
        "CSOC in DC 7",
    )
    commitments = {one["ref"] for one in about["commitments"]}
    named = {ref for one in about["incidents"] for ref in one["commitments"]}
    yield from _unknown("description.incidents", named, commitments, "commitment in DC 2")


def _unknown(path: str, given: set[str], known: set[str], kind: str) -> Iterator[Problem]:
    for ref in sorted(given - known):
        yield Problem(path, f"{ref} has no {kind}.", "Add it, or take the reference away.")


def _scope(report: ReportData) -> Iterator[Problem]:
    """Commitments and categories answer each other; criteria named anywhere are in scope."""
    about, ids = report["description"], {one["id"] for one in report["testing"]["criteria"]}
    chosen = {str(category) for category in categories_of(report["cover"]["categories"])}
    behind = {one["category"] for one in about["commitments"]}
    for category in sorted(chosen - behind):
        yield Problem("description.commitments", f"No commitment stands behind {category}.", "Add one.", True)
    for category in sorted(behind - chosen):
        yield Problem("description.commitments", f"{category} is not in scope.", "Leave its commitments out.")
    csocs = [csoc for one in about["subservices"] for csoc in one["csocs"]]
    for row in [*about["requirements"], *about["cuecs"], *csocs]:
        yield from _unknown("description", set(row["criteria"]), ids, f"place in scope ({row['ref']})")
    if report["cover"]["type"] == 1 and about["changes"]:
        yield Problem("description.changes", "A Type 1 report has no DC 9.", "Leave the list empty.")


# ---- words, and what issuing needs


def _words(report: ReportData) -> Iterator[Problem]:
    for path, text in _strings(report["description"], "description"):
        if found := PRAISE.search(text):
            yield Problem(
                path,
                f"“{found.group()}” is advertising.",
                "Say what can be checked: a description is objective.",
            )
    for path, text in _strings(report, ""):
        if found := CERTIFICATE.search(text):
            yield Problem(
                path.lstrip("."),
                f"There is no “{found.group()}”.",
                "Say “examination”, “report” or “opinion”.",
            )


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _strings(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, f"{path}.{index}")


def _ready_to_issue(report: ReportData) -> Iterator[Problem]:
    """What a draft may lack and a report may not; on an issued report these are no longer forgiven."""
    cover, forgiven = report["cover"], not report["cover"]["issued"]
    wanted = PARTS_OF_TYPE_1 + (("tests",) if cover["type"] == 2 else ())
    given = {part["key"] for part in report["auditor_report"]["parts"] if part["text_md"].strip()}
    for key in [key for key in wanted if key not in given]:
        yield Problem(
            "auditor_report.parts", f"The part “{key}” is missing.", "The auditor supplies it.", forgiven
        )
    if not report["assertion"]["text_md"].strip():
        yield Problem(
            "assertion.text_md", "There is no assertion.", "Management writes and signs it.", forgiven
        )
    if not report["assertion"]["signatories"]:
        yield Problem("assertion.signatories", "Nobody signs the assertion.", "Name who signs.", forgiven)
    for path, day in (
        ("cover.report_date", cover["report_date"]),
        ("auditor_report.signature.date", report["auditor_report"]["signature"]["date"]),
        ("assertion.date", report["assertion"]["date"]),
    ):
        if day is None:
            yield Problem(
                path, "The date is not set.", "Date it on the day the evidence is complete.", forgiven
            )
    signed = report["auditor_report"]["signature"]["date"]
    asserted = report["assertion"]["date"]
    if cover["report_date"] and asserted and asserted > cover["report_date"]:
        yield Problem(
            "assertion.date",
            f"The assertion is dated {asserted}, after the report date {cover['report_date']}.",
            "The assertion stands before the opinion on it: date it on or before the report date.",
        )
    if cover["report_date"] and signed and signed != cover["report_date"]:
        yield Problem(
            "auditor_report.signature.date",
            f"The auditor's report is dated {signed} and the cover {cover['report_date']}.",
            "Both bear the report date.",
        )
