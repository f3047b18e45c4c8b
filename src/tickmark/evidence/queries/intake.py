"""What would happen to each of many files: filed with these words, or refused and why. Nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from tickmark.controls.models import Control
from tickmark.evidence import filings
from tickmark.evidence.filings import Filing
from tickmark.evidence.manifest import Line, Told
from tickmark.evidence.models import Evidence, EvidenceKind
from tickmark.evidence.queries.occurring import check_key, check_use
from tickmark.evidence.queries.places import Place, place
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, not_found, require, visible
from tickmark.kernel.arguments import Upload
from tickmark.kernel.errors import Conflict, Invalid, TickmarkError
from tickmark.kernel.references import resolve

AT_ONCE = 900
"""Digests that are asked for in one question: an engine takes no endless list."""


@dataclass(frozen=True)
class Common:
    """What is said of every file for which the manifest says nothing else."""

    kind: str = ""
    source: str = ""
    description: str = ""
    covers_from: date | None = None
    covers_to: date | None = None
    observed_at: datetime | None = None
    control: Control | None = None


@dataclass(frozen=True)
class Planned:
    """One file of an intake: its filing with the control it is for, or why it is refused."""

    name: str
    filing: Filing | None = None
    control: Control | None = None
    refused: TickmarkError | None = None


def plan(actor: Actor, uploads: Sequence[Upload], told: Sequence[Line], common: Common) -> list[Planned]:
    """Each file in the order given, then the lines of the manifest whose file did not come."""
    return _Intake(actor, uploads, told, common).plan()


@dataclass(frozen=True)
class _Intake:
    """The questions that many files share, asked once."""

    actor: Actor
    uploads: Sequence[Upload]
    told: Sequence[Line]
    common: Common
    keys: dict[tuple[int, str], TickmarkError | None] = field(default_factory=dict)
    controls: dict[str, Control | TickmarkError] = field(default_factory=dict)

    def plan(self) -> list[Planned]:
        return [*self._files(), *self._not_sent()]

    def _files(self) -> Iterator[Planned]:
        first: dict[str, str] = {}
        for upload in self.uploads:
            found = self._one(upload)
            twin = first.setdefault(upload.sha256, upload.name)
            if found.refused is None and twin != upload.name:
                same = Conflict(
                    f"It is the same file as {twin}.", "Every byte agrees.", "Send it once.", "files"
                )
                found = Planned(upload.name, refused=same)
            yield found

    def _one(self, upload: Upload) -> Planned:
        try:
            filing, control = self._judged(upload)
        except TickmarkError as error:
            return Planned(upload.name, refused=error)
        return Planned(upload.name, filing, control)

    def _judged(self, upload: Upload) -> tuple[Filing, Control | None]:
        if self._names[upload.name] > 1:
            raise Invalid(
                "Two files have this name.", "Nobody could tell them apart.", "Rename one.", "files"
            )
        filing = self._filing(upload, self._line(upload.name))
        filings.check(filing, self._now)
        if (held := self._held.get(upload.sha256)) is not None:
            remedy = f"Use {held} for further controls."
            raise Conflict(f"It is filed already as {held}.", "Every byte agrees.", remedy, "files")
        control = self._control(filing.control)
        self._check_use(filing, control)
        return filing, control

    def _line(self, name: str) -> Told:
        found = self._lines.get(name, [])
        if len(found) > 1:
            numbers = " and ".join(str(line.number) for line in found[:3])
            raise Invalid(
                "It stands twice in the manifest.", f"Lines {numbers}.", "Leave one out.", "manifest"
            )
        line = found[0] if found else None
        if line is not None and line.told is None:
            what, remedy = "Its line in the manifest cannot be taken.", f"Correct line {line.number}."
            raise Invalid(what, line.fault, remedy, "manifest")
        return line.told if line and line.told else Told(name=name)

    def _filing(self, upload: Upload, line: Told) -> Filing:
        common, dated = self.common, line.covers_from or line.covers_to
        kind = line.kind or common.kind
        if kind not in EvidenceKind.values:
            why = f"It says {kind[:20]!r}." if kind else "Neither the manifest nor the form says it."
            raise Invalid(
                "Nobody says what it is.", why, f"Say one of {', '.join(EvidenceKind.values)}.", "kind"
            )
        return Filing(
            name=upload.name,
            media_type=upload.media_type,
            sha256=upload.sha256,
            size=upload.size,
            head=upload.head,
            kind=kind,
            source=(line.source or common.source).strip(),
            description=line.description or common.description,
            covers_from=line.covers_from if dated else common.covers_from,
            covers_to=line.covers_to if dated else common.covers_to,
            observed_at=self._moment(line.observed_at or common.observed_at),
            control=line.control or (common.control.code if common.control else ""),
            occurrence=line.occurrence,
            performed_on=line.performed_on,
        )

    def _moment(self, observed: datetime | None) -> datetime | None:
        """A time of observation without a zone is the company's own time."""
        if observed is None or observed.tzinfo is not None:
            return observed
        return observed.replace(tzinfo=ZoneInfo(self._place.zone))

    def _control(self, code: str) -> Control | None:
        """The control that a line names, by the same rule as for one document. Raises NotFound or Refused."""
        if not code:
            return None
        if code not in self.controls:
            try:
                self.controls[code] = self._allowed(code)
            except TickmarkError as error:
                self.controls[code] = error
        found = self.controls[code]
        if isinstance(found, TickmarkError):
            raise found
        return found

    def _allowed(self, code: str) -> Control:
        control = resolve(visible(self.actor, Control), code)
        if control is None:
            raise not_found(Control, code[:60])
        require(self.actor, "evidence.file_many", {"control": control})
        return control

    def _check_use(self, filing: Filing, control: Control | None) -> None:
        if control is None:
            if filing.occurrence or filing.performed_on:
                why = "An occurrence and a day of performance belong to a control."
                raise Invalid("It names no control.", why, "Name the control.", "control")
            return
        given = filing.occurrence, filing.performed_on, filing.observed_at
        check_use(control, *given, self._today, self._expects)

    def _expects(self, control: Control, key: str, day: date) -> None:
        if (control.pk, key) not in self.keys:
            try:
                check_key(control, key, day)
                self.keys[control.pk, key] = None
            except TickmarkError as error:
                self.keys[control.pk, key] = error
        if (error_ := self.keys[control.pk, key]) is not None:
            raise error_

    def _not_sent(self) -> Iterator[Planned]:
        for line in self.told:
            if line.name not in self._names:
                why = line.fault if not line.name else "The manifest names it."
                name = line.name or f"line {line.number}"
                missing = Invalid(
                    "The file was not sent.", f"Line {line.number}: {why}", "Send it too.", "manifest"
                )
                yield Planned(name[:200], refused=missing)

    @cached_property
    def _lines(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = {}
        for line in self.told:
            found.setdefault(line.name, []).append(line)
        return found

    @cached_property
    def _names(self) -> Counter[str]:
        return Counter(upload.name for upload in self.uploads)

    @cached_property
    def _held(self) -> dict[str, str]:
        """What is filed already, by digest."""
        digests, found = [upload.sha256 for upload in self.uploads], {}
        for start in range(0, len(digests), AT_ONCE):
            rows = Evidence.objects.filter(sha256__in=digests[start : start + AT_ONCE]).order_by("-pk")
            found.update({sha256: f"EV-{pk}" for sha256, pk in rows.values_list("sha256", "pk")})
        return found

    @cached_property
    def _place(self) -> Place:
        return place(clock.today())

    @cached_property
    def _now(self) -> datetime:
        return clock.now()

    @cached_property
    def _today(self) -> date:
        return self._place.local_day(self._now)
