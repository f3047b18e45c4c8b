"""The starter controls and policies of the library: Markdown with TOML front matter, read strictly.

A number that policy, control and tool share is kept once, as a parameter of the control, and rendered
wherever it is told: `{days}` in the control's own text, `{AC-04.days}` in a policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tickmark.controls.occurrences import FREQUENCIES
from tickmark.kernel.errors import Invalid
from tickmark.scope.criteria import Category, Criterion, check_codes
from tickmark.scope.library import Fields, library_folder, parse_fields, read_fields, read_text

NATURES = {"manual": "M", "automated": "A", "it-dependent": "I"}
PURPOSES = {"preventive": "P", "detective": "D", "corrective": "C"}
EVIDENCE_KINDS = MappingProxyType(
    {
        "DOC": "approved document",
        "CFG": "configuration with the time of capture",
        "POP": "population list",
        "SMP": "proof for each item selected",
        "REC": "dated record of one occurrence",
        "OBS": "live observation",
        "NAR": "narrative",
    }
)
ONLY_WITH = MappingProxyType({"PIN": Category.PROCESSING_INTEGRITY, "PRV": Category.PRIVACY})
"""Areas proposed only where their category is chosen, whatever common criteria they serve too (domain.md 6)."""
CONTROL_SECTIONS = ("Control", "Evidence", "Type 1 test", "Type 2 test")
POLICY_SECTIONS = ("Purpose", "Scope", "Roles", "Rules", "Exceptions", "Enforcement", "Related documents")

Answer = str | int
BLANK = re.compile(r"\{([A-Za-z][A-Za-z0-9_.-]*)\}")


@dataclass(frozen=True)
class Attribute:
    """One thing looked at on each item; `check` names the check that computes it (empty: a person reads)."""

    letter: str
    text: str
    check: str = ""


@dataclass(frozen=True)
class EvidenceNeed:
    """One piece of evidence the control leaves behind; `kind` is a key of EVIDENCE_KINDS."""

    kind: str
    text: str


@dataclass(frozen=True)
class StarterControl:
    """A proposed control. `control`, `type1_test` and `type2_test` hold blanks `{name}` for its parameters.

    `nature` is M(anual), A(utomated) or I(T-dependent manual); `purpose` P(reventive), D(etective) or
    C(orrective). `population` is the id of what is sampled (POP-02), empty for a control tested by configuration
    or record.
    """

    id: str
    title: str
    criteria: tuple[str, ...]
    nature: str
    purpose: str
    frequency: str
    owner_role: str
    policy: str
    parameters: Mapping[str, int]
    population: str
    attributes: tuple[Attribute, ...]
    control: str
    evidence: tuple[EvidenceNeed, ...]
    type1_test: str
    type2_test: str

    def statement(self, parameters: Mapping[str, int] | None = None) -> str:
        """The control as it is written down and tested, with these parameters or the proposed ones."""
        return self._filled(self.control, parameters)

    def tests(self, parameters: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """How it is tested in a Type 1 and in a Type 2, with these parameters or the proposed ones."""
        return self._filled(self.type1_test, parameters), self._filled(self.type2_test, parameters)

    def fits(self, scope: Iterable[Criterion]) -> bool:
        """Whether the control is proposed for these criteria; it drops out when it serves none of them."""
        inside = list(scope)
        needed = ONLY_WITH.get(self.id.split("-")[0])
        chosen = needed is None or needed in {one.category for one in inside}
        return chosen and any(one.id in self.criteria for one in inside)

    def _filled(self, text: str, parameters: Mapping[str, Any] | None) -> str:
        given = {name: value for name, value in (parameters or {}).items() if value not in (None, "")}
        return render(text, {**self.parameters, **given})


@dataclass(frozen=True)
class Question:
    """One answer a policy needs from the company, with the proposed answer."""

    name: str
    ask: str
    default: Answer


@dataclass(frozen=True)
class StarterPolicy:
    """A proposed policy. `body` is Markdown with blanks; `rules` are the headings of its clauses."""

    id: str
    title: str
    criteria: tuple[str, ...]
    owner_role: str
    approver_role: str
    review_months: int
    classification: str
    body: str
    rules: tuple[str, ...]

    @property
    def blanks(self) -> tuple[str, ...]:
        """The names this policy needs an answer for, in order of appearance."""
        return tuple(dict.fromkeys(BLANK.findall(self.body)))

    def fits(self, scope: Iterable[Criterion]) -> bool:
        """Whether the policy is proposed for these criteria: it serves one, or a control that does cites it."""
        inside = list(scope)
        cited = any(item.policy == self.id and item.fits(inside) for item in starter_controls())
        return cited or any(one.id in self.criteria for one in inside)

    def text(self, answers: Mapping[str, Answer] | None = None) -> str:
        """The policy as Markdown, filled from `answers` and, where none is given, from the proposed ones."""
        return render(self.body, {**proposed_answers(), **(answers or {})})


def render(text: str, answers: Mapping[str, Answer]) -> str:
    """`text` with each blank `{name}` filled, with a capital at the start of a sentence.

    Invalid names every blank that has no answer.
    """
    missing = sorted({name for name in BLANK.findall(text) if answers.get(name) in (None, "")})
    if missing:
        raise Invalid(
            f"The text cannot be filled in: {', '.join(missing)}.",
            "A blank without an answer would be read as a promise nobody made.",
            "Answer each of these.",
            missing[0],
        )
    return BLANK.sub(lambda blank: _fill(str(answers[blank[1]]), text[: blank.start()]), text)


def _fill(answer: str, before: str) -> str:
    """An answer such as `the security lead` takes a capital where it begins a sentence or an item."""
    begins = re.search(r"(\A|\n|\n- |[.!?] )\Z", before) is not None
    return answer[0].upper() + answer[1:] if begins else answer


def starter_controls() -> list[StarterControl]:
    """The proposed controls, by id."""
    return list(_controls(library_folder()))


def starter_policies() -> list[StarterPolicy]:
    """The proposed policies, by id."""
    return list(_policies(library_folder()))


def questions() -> list[Question]:
    """What the policies ask of the company, in the order of `library/policies/answers.toml`."""
    return list(_questions(library_folder()))


def proposed_answers() -> dict[str, Answer]:
    """The proposed answer to every blank of the policies, control parameters as `AC-04.days` included."""
    answers: dict[str, Answer] = {question.name: question.default for question in questions()}
    for control in starter_controls():
        answers |= {f"{control.id}.{name}": value for name, value in control.parameters.items()}
    return answers


@lru_cache
def _controls(library: Path) -> tuple[StarterControl, ...]:
    return tuple(read_control(path) for path in sorted((library / "controls").glob("*.md")))


@lru_cache
def _policies(library: Path) -> tuple[StarterPolicy, ...]:
    return tuple(read_policy(path) for path in sorted((library / "policies").glob("*.md")))


@lru_cache
def _questions(library: Path) -> tuple[Question, ...]:
    book = read_fields(library / "policies" / "answers.toml")
    asked = tuple(map(_question, book.tables("questions")))
    book.done()
    return asked


def _question(fields: Fields) -> Question:
    name, ask, default = fields.text("name"), fields.text("ask"), fields.raw("default")
    if isinstance(default, bool) or not isinstance(default, str | int):
        raise fields.fault("default", "It must be a text or a whole number.")
    fields.done()
    return Question(name, ask, default)


def read_control(path: Path) -> StarterControl:
    """One control file; Invalid with file, line and field if anything in it is not as it must be."""
    fields, body = _front_matter(path)
    sections = _sections(path, body, CONTROL_SECTIONS)
    control = StarterControl(
        id=fields.own_name(path),
        title=fields.text("title"),
        criteria=_criteria(fields),
        nature=NATURES[fields.choice("nature", list(NATURES))],
        purpose=PURPOSES[fields.choice("purpose", list(PURPOSES))],
        frequency=fields.choice("frequency", list(FREQUENCIES)),
        owner_role=fields.text("owner_role"),
        policy=_code(fields, "policy", r"POL-\d\d"),
        population=_code(fields, "population", r"POP-\d\d", ""),
        parameters=_parameters(fields),
        attributes=_attributes(fields),
        control=sections["Control"],
        evidence=_evidence(path, sections["Evidence"]),
        type1_test=sections["Type 1 test"],
        type2_test=sections["Type 2 test"],
    )
    fields.done()
    if bool(control.attributes) != bool(control.population):
        raise fields.fault("population", "A population and its attributes stand together or not at all.")
    _blanks_known(path, control)
    return control


def read_policy(path: Path) -> StarterPolicy:
    """One policy file; Invalid with file, line and field if anything in it is not as it must be."""
    fields, body = _front_matter(path)
    sections = _sections(path, body, POLICY_SECTIONS)
    policy = StarterPolicy(
        id=fields.own_name(path),
        title=fields.text("title"),
        criteria=_criteria(fields),
        owner_role=fields.text("owner_role"),
        approver_role=fields.text("approver_role"),
        review_months=fields.number("review_months"),
        classification=fields.text("classification"),
        body=body.strip() + "\n",
        rules=tuple(re.findall(r"^### (.+)$", sections["Rules"], re.MULTILINE)),
    )
    fields.done()
    return policy


def _front_matter(path: Path) -> tuple[Fields, str]:
    """The front matter between two lines `+++`, and the text below it."""
    match = re.match(r"\+\+\+\n(.*?)^\+\+\+\n(.*)", read_text(path), re.DOTALL | re.MULTILINE)
    if not match:
        raise Invalid(
            f"{path.name}, line 1: the front matter cannot be found.",
            "It stands between two lines `+++` at the very top.",
            "Add these lines.",
        )
    return parse_fields(match[1], path.name, 2), match[2]


def _sections(path: Path, body: str, expected: tuple[str, ...]) -> dict[str, str]:
    """The text under each heading of the second level; they must be `expected`, in this order, none empty."""
    parts = re.split(r"^## (.+)\n", body, flags=re.MULTILINE)
    found = tuple(parts[1::2])
    texts = [part.strip() for part in parts[2::2]]
    if found != expected or parts[0].strip() or "" in texts:
        raise Invalid(
            f"{path.name}: the sections are not as they must be.",
            f"Found {', '.join(found) or 'none'}; needed, each with text: {', '.join(expected)}.",
            "Write these headings as `## Heading`, in this order, and nothing above the first.",
        )
    return dict(zip(found, texts, strict=True))


def _criteria(fields: Fields) -> tuple[str, ...]:
    codes = fields.texts("criteria")
    try:
        return check_codes(codes)
    except Invalid as error:
        raise fields.fault("criteria", f"{error.what} {error.remedy}") from None


def _code(fields: Fields, key: str, pattern: str, default: str | None = None) -> str:
    value = fields.text(key, default)
    if value != default and not re.fullmatch(pattern, value):
        raise fields.fault(key, f"{value!r} is not written like {pattern}.")
    return value


def _parameters(fields: Fields) -> Mapping[str, int]:
    values = fields.table("parameters", {})
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise fields.fault("parameters", f"{name} must be a whole number, not {value!r}.")
    return MappingProxyType(values)


def _attributes(fields: Fields) -> tuple[Attribute, ...]:
    found = []
    for row in fields.tables("attributes", ()):
        found.append(Attribute(_code(row, "letter", "[A-Z]"), row.text("text"), row.text("check", "")))
        row.done()
    letters = [attribute.letter for attribute in found]
    if letters != sorted(set(letters)):
        raise fields.fault("attributes", f"Letters must rise without repeats, not {' '.join(letters)}.")
    return tuple(found)


def _evidence(path: Path, section: str) -> tuple[EvidenceNeed, ...]:
    needs = []
    for line in section.splitlines():
        match = re.fullmatch(r"- ([A-Z]{3}): (.+)", line)
        if not match or match[1] not in EVIDENCE_KINDS:
            raise Invalid(
                f"{path.name}: this line of Evidence cannot be read: {line!r}.",
                f"A line is `- KIND: what`, with KIND one of {', '.join(EVIDENCE_KINDS)}.",
                "Correct the line.",
            )
        needs.append(EvidenceNeed(match[1], match[2]))
    return tuple(needs)


def _blanks_known(path: Path, control: StarterControl) -> None:
    """Every blank has a parameter and every parameter stands in the statement: it is what gets tested."""
    used = set(BLANK.findall(control.control))
    elsewhere = set(BLANK.findall(control.type1_test + control.type2_test))
    if used != set(control.parameters) or not elsewhere <= used:
        raise Invalid(
            f"{path.name}: parameters and blanks differ.",
            f"Statement {sorted(used)}, tests {sorted(elsewhere)}, parameters {sorted(control.parameters)}.",
            "Give each blank a parameter and use each parameter in the statement.",
        )
