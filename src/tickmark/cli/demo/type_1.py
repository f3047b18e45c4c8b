"""The company's first report in the story: a Type 1 as of the day before the period, from the opening to its bundle.

The same people on both sides as later; every step is an ordinary action of the one whose step it is.
"""

from __future__ import annotations

import mimetypes
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from typing import Any

from tickmark.audit.models import Engagement, Procedure, Request
from tickmark.cli.demo.fieldwork import confirm, in_order
from tickmark.cli.demo.living import ZONE, Event, moment
from tickmark.cli.demo.story import SYSTEM, Story
from tickmark.controls.library import StarterControl
from tickmark.controls.models import ControlVersion
from tickmark.kernel import files
from tickmark.kernel.arguments import Upload
from tickmark.report.models import Report
from tickmark.scope.criteria import applicable
from tickmark.scope.models import Period

TEAM = ("auditor-lead", "auditor-staff", "auditor-partner", "auditor-quality")


class FirstReport:
    """The Type 1 as events."""

    def __init__(self, story: Story) -> None:
        self.story, self.folder = story, story.example / "type-1"
        self.data: dict[str, Any] = tomllib.loads((self.folder / "story.toml").read_text())
        self.plan: dict[str, Any] = self.data["engagement"]
        self.code: str = self.plan["code"]

    def events(self) -> Iterator[Event]:
        """Everything that both sides do for it."""
        plan = self.plan
        yield Event(moment(plan["period_on"], "11:00"), 3, self._date)
        yield Event(moment(plan["opened"], "10:00"), 3, self._open)
        yield Event(moment(plan["planned"], "11:00"), 3, self._plan)
        yield Event(moment(plan["asked"], "09:30"), 4, self._ask)
        for row in self.data["document"]:
            yield Event(moment(row["on"], "15:30"), 6, partial(self._file, row))
        for row in self.data["answer"]:
            yield Event(moment(row["on"], "16:30"), 7, partial(self._answer, row))
            yield Event(moment(row["on"] + timedelta(days=1), "10:00"), 7, partial(self._close, row))
        for number, starter in enumerate(in_order(self.story)):
            day = plan["tests_from"] + timedelta(days=number % plan["tests_days"])
            yield Event(moment(day, "13:00"), 4, partial(self._follow, starter))
        yield Event(moment(plan["reviewed_on"], "10:00"), 5, self._review)
        yield Event(moment(plan["concluded_on"], "10:00"), 5, self._conclude)
        yield Event(moment(plan["concluded_on"], "14:00"), 5, self._describe)
        yield Event(moment(plan["dated"], "11:00"), 6, self._sign)
        yield Event(moment(plan["dated"], plan["issued_at"]), 8, self._issue)
        yield Event(moment(plan["dated"], "17:00"), 8, self._bundle)

    # -- the engagement -----------------------------------------------------------------------------------------

    def _date(self) -> None:
        day = self.plan["as_of"].isoformat()
        zone = self.story.data["company"]["time_zone"]
        self.story.act(
            "founder", "scope.set_period", system=SYSTEM, type=1, start=day, end=day, time_zone=zone
        )

    def _open(self) -> None:
        period = self.story.rows("founder", Period).get(type=1)
        firm = self.story.data["firm"]["name"]
        self.story.act("founder", "audit.open", code=self.code, system=SYSTEM, period=period.ref, firm=firm)
        for key in TEAM:
            self.story.invite_auditor(
                "founder" if key == TEAM[0] else TEAM[0], self.story.cast[key], self.code
            )
        for key in TEAM:
            confirm(self.story, key, self.code)

    def _plan(self) -> None:
        self.story.act(TEAM[0], "audit.plan", engagement=self.code, plan=self.plan["plan"])

    def _ask(self) -> None:
        self.story.act(
            TEAM[0],
            "audit.ask_list",
            engagement=self.code,
            due_on=self.plan["due"].isoformat(),
            list=self.plan["list"],
        )

    def _file(self, row: Mapping[str, Any]) -> None:
        path = self.folder / row["file"]
        kept = files.keep(path)
        media_type = mimetypes.guess_type(path.name)[0] or "text/plain"
        evidence = self.story.act(
            row["by"],
            "evidence.file",
            upload=Upload(path.name, media_type, kept.sha256, kept.size),
            kind=row["kind"],
            source="the owner's own record",
            description=row["title"],
            covers_from=row["on"].isoformat(),
            covers_to=row["on"].isoformat(),
            observed_at=datetime.combine(row["on"], time(9), ZONE).isoformat(),
        )
        self.story.evidence[row["key"]] = evidence.ref

    def _request(self, row: Mapping[str, Any]) -> str:
        rows = self.story.rows(TEAM[0], Request)
        ref: str = rows.get(engagement__code=self.code, code=row["request"]).ref
        return ref

    def _answer(self, row: Mapping[str, Any]) -> None:
        evidence = [self.story.evidence[key] for key in row["documents"]]
        self.story.act(
            row["by"], "audit.answer", request=self._request(row), text=row["note"], evidence=evidence
        )

    def _close(self, row: Mapping[str, Any]) -> None:
        self.story.act("auditor-staff", "audit.close", request=self._request(row))

    # -- the tests of one ---------------------------------------------------------------------------------------

    @cached_property
    def engagement(self) -> Engagement:
        """The engagement, once it is open."""
        row: Engagement = self.story.rows("founder", Engagement).get(code=self.code)
        return row

    def _follow(self, starter: StarterControl) -> None:
        """The test of one: the control followed once with its owner, and the paper signed by who did it."""
        version = (
            self.story.rows("auditor-staff", ControlVersion)
            .as_of(self.plan["as_of"])
            .get(control__code=starter.id)
        )
        procedure = self.story.act(
            "auditor-staff",
            "audit.prepare",
            engagement=self.code,
            control_version=version.ref,
            kind="inspection",
            text=starter.tests(version.parameters)[0],
        )
        self.story.act(
            "auditor-staff",
            "audit.walk_through",
            procedure=procedure.ref,
            with_whom=f"the owner of {starter.id}",
            held_on=self._today().isoformat(),
            text=self.data["walkthroughs"][starter.id],
            design_suitable=True,
            implemented=True,
        )
        self.story.act("auditor-staff", "audit.sign_off", procedure=procedure.ref, stage="prepared")

    @staticmethod
    def _today() -> date:
        from tickmark.kernel import clock

        return clock.today()

    def _review(self) -> None:
        rows = self.story.rows("auditor-lead", Procedure).filter(engagement=self.engagement).order_by("pk")
        for procedure in rows:
            self.story.act("auditor-lead", "audit.sign_off", procedure=procedure.ref, stage="reviewed")

    def _conclude(self) -> None:
        """Each criterion by itself, with the controls followed for it."""
        rows = self.story.rows("auditor-lead", Procedure).filter(engagement=self.engagement)
        serving: dict[str, list[str]] = {}
        for procedure in rows.select_related("control_version__control"):
            for criterion in procedure.control_version.criteria:
                serving.setdefault(criterion, []).append(procedure.control_version.control.code)
        for one in applicable(self.engagement.categories, self.engagement.criteria_set):
            self.story.act(
                "auditor-lead",
                "audit.conclude_criterion",
                engagement=self.code,
                criterion=one.id,
                met=True,
                reason=f"Suitably designed and in use as of the date: {', '.join(sorted(serving[one.id]))}.",
            )

    # -- the report ---------------------------------------------------------------------------------------------

    def _describe(self) -> None:
        for part, text in self.data["description"].items():
            self.story.act(
                "compliance", "report.describe", engagement=self.code, part=part, text=text.strip()
            )

    def _sign(self) -> None:
        """Letters and opinion bear the report's date; who did no work on the engagement reads it last."""
        dated = self.plan["dated"].isoformat()
        letters = self.data["letters"]
        for kind in ("assertion", "representation"):
            self.story.act(
                "founder",
                "report.sign_letter",
                engagement=self.code,
                kind=kind,
                text=letters[kind].strip(),
                dated=dated,
                signatory=letters["signatory"],
            )
        self.story.act(
            "auditor-partner",
            "audit.opine",
            engagement=self.code,
            description="unmodified",
            design="unmodified",
            text=self.data["opinion"]["text"].strip(),
            dated=dated,
            signed_at_city=self.plan["city"],
        )
        self.story.act(
            "auditor-quality",
            "report.review_quality",
            engagement=self.code,
            note=self.data["quality"]["note"],
        )

    def _issue(self) -> None:
        dated = self.plan["dated"].isoformat()
        self.story.act("auditor-partner", "report.issue", engagement=self.code, dated=dated)

    def _bundle(self) -> None:
        report = self.story.rows("compliance", Report).get(engagement=self.engagement)
        self.story.act("compliance", "report.bundle", report=report.ref)
