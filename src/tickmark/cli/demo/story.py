"""The company's side of the story: people, scope, controls, policies, evidence, collections, requests answered."""

from __future__ import annotations

import csv
import importlib
import mimetypes
import sys
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from django.conf import settings

from tickmark.cli.demo.living import PASSWORD, ZONE, Event, moment
from tickmark.controls.library import starter_policies
from tickmark.controls.models import ControlVersion, PolicyVersion
from tickmark.controls.occurrences import bucket_for, bucket_of, occurrences
from tickmark.evidence.models import Connection, Evidence
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor, M, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import Upload, call
from tickmark.people.models import User
from tickmark.people.queries import actor_for, by_email

SYSTEM = "ledger"
TITLES = {
    "people-hris": "HR system",
    "people-contractors": "Contractor list",
    "accounts-idp": "Identity provider",
    "accounts-support": "Support tool",
    "changes": "Source repository",
    "pulls": "Pull requests at the forge",
    "trainings": "Learning platform",
    "tickets": "Issue tracker",
    "findings": "Vulnerability scanner",
    "devices": "Device management",
    "policies": "Policies in Tickmark",
    "acknowledgements": "Acknowledgements in Tickmark",
}


LISTED = {
    "changes": ("CHG-01", "CHG-02"),
    "pulls": ("CHG-02",),
    "people-hris": ("AC-04",),
    "accounts-idp": ("AC-02", "AC-04"),
    "trainings": ("HR-06",),
    "tickets": ("INC-02",),
    "findings": ("OPS-02",),
    "devices": ("AST-02",),
    "acknowledgements": ("GOV-01", "GOV-05"),
}
"""Which collected lists serve which controls once the period has ended."""


class Story:
    """The story as events; every event is an ordinary action of a character."""

    def __init__(self, example: Path) -> None:
        self.example = example
        self.data: dict[str, Any] = tomllib.loads((example / "story.toml").read_text())
        self.documents: list[dict[str, Any]] = tomllib.loads((example / "documents/plan.toml").read_text())[
            "document"
        ]
        self.acknowledged: list[dict[str, Any]] = tomllib.loads(
            (example / "acknowledgements/plan.toml").read_text()
        )["acknowledgement"]
        self.cast: dict[str, dict[str, Any]] = {row["key"]: row for row in self.data["character"]}
        self.evidence: dict[str, str] = {}
        self.waiting: list[tuple[Mapping[str, Any], str, str]] = []

    @property
    def demo_day(self) -> date:
        """The day on which the story stands still."""
        day: date = self.data["period"]["demo_day"]
        return day

    @property
    def sources(self) -> Path:
        """Where the company's systems put their exports."""
        return Path(settings.HOME) / "company"

    def events(self) -> Iterator[Event]:
        """Everything that the company does."""
        yield Event(moment(date(2025, 10, 1), "08:30"), 1, self.set_up)
        for part in (self.people, self.scope, self.controls, self.policies, self.filing, self.sources_read):
            yield from part()

    def act(self, who: str, name: str, /, **given: Any) -> Any:
        """A character does an action, its arguments by reference as in the API."""
        return call(ACTIONS[name], self.actor(who), given)

    def actor(self, who: str) -> Actor:
        """A character, or an employee by key, as an actor."""
        return actor_for(self.user(who))

    def user(self, who: str) -> User:
        """The account of a character or of an employee."""
        email = self.cast[who]["email"] if who in self.cast else self.roster[who]["email"]
        found = by_email(email)
        if found is None:
            raise LookupError(f"{who} has no account yet.")
        return found

    def rows(self, who: str, model: type[M]) -> Any:
        """The rows of a model that a character may see."""
        return visible(self.actor(who), model)

    # -- people -----------------------------------------------------------------------------------------------

    @cached_property
    def roster(self) -> dict[str, dict[str, Any]]:
        """Everybody in the HR exports of the demo day, by person key: name, e-mail, spells."""
        self._maker("hris").write(self.sources, self.demo_day)
        found: dict[str, dict[str, Any]] = {}
        for row in self._rows("hris/people.csv"):
            name = f"{row['First Name']} {row['Last Name']}"
            self._spell(
                found,
                row["Employee ID"],
                name,
                row["Work Email"],
                "employee",
                row["Hire Date"],
                row["Termination Date"],
            )
        for row in self._rows("hris/contractors.csv"):
            self._spell(
                found,
                row["Contractor ID"],
                row["Full Name"],
                row["Company Email"],
                "contractor",
                row["Contract Start"],
                row["Contract End"],
            )
        return found

    def _rows(self, name: str) -> list[dict[str, str]]:
        with (self.sources / name).open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    @staticmethod
    def _spell(
        found: dict[str, dict[str, Any]], key: str, name: str, email: str, kind: str, start: str, end: str
    ) -> None:
        person = found.setdefault(key, {"name": name, "email": email, "kind": kind, "spells": []})
        person["spells"].append((date.fromisoformat(start), date.fromisoformat(end) if end else None))

    def set_up(self) -> None:
        """The founder makes the first account; the others are invited."""
        founder = self.cast["founder"]
        call(
            ACTIONS["people.set_up"],
            Actor.visitor(),
            {"name": founder["name"], "email": founder["email"], "password": PASSWORD},
        )
        for key, row in self.cast.items():
            if key != "founder" and row["side"] == "company" and "from" not in row:
                self.invite("founder", row["email"], row["name"], row["roles"])

    def invite(self, by: str, email: str, name: str, roles: list[str]) -> None:
        """Invite a colleague, who takes the invitation up and gets further roles."""
        role = roles[0] if roles else "employee"
        offer = self.act(by, "people.invite", email=email, name=name, side="company", role=role)
        use = self._join_with(offer.link, name)
        for further in roles[1:]:
            self.act(by, "people.grant", user=use.user.ref, role=further)

    def invite_auditor(self, by: str, row: Mapping[str, Any], engagement: str) -> None:
        """Invite an auditor to the engagement."""
        offer = self.act(
            by,
            "audit.invite",
            engagement=engagement,
            email=row["email"],
            name=row["name"],
            role=row["roles"][0],
        )
        self._join_with(offer.link, row["name"])

    @staticmethod
    def _join_with(link: str, name: str) -> Any:
        return call(
            ACTIONS["people.join"], Actor.visitor(), {"link": link, "name": name, "password": PASSWORD}
        )

    def people(self) -> Iterator[Event]:
        """Persons, accounts, spells and departures on their days."""
        begins: date = self.data["period"]["begins_living"]
        for key, person in self.roster.items():
            for start, end in sorted(person["spells"]):
                if end is not None and end < begins:
                    continue
                day = max(start, begins)
                yield Event(moment(day, "08:45"), 2, partial(self._join, key, start))
                if end is not None and end <= self.demo_day:
                    yield Event(moment(end, "17:30"), 9, partial(self._leave, key, end))

    def _join(self, key: str, start: date) -> None:
        person = self.roster[key]
        if by_email(person["email"]) is None:
            roles: list[str] = next(
                (row["roles"] for row in self.cast.values() if row["email"] == person["email"]), []
            )
            self.invite("founder", person["email"], person["name"], roles)
        self.act(
            "compliance" if start <= clock.today() else "founder",
            "people.add",
            key=key,
            name=person["name"],
            starts_on=start.isoformat(),
            kind=person["kind"],
            email=person["email"],
            user=self.user(key).ref,
        )

    def _leave(self, key: str, end: date) -> None:
        user = self.user(key)
        spell = user.person.employments.filter(departure=None).first()
        if spell is not None:
            self.act("compliance", "people.depart", employment=spell.ref, ends_on=end.isoformat())
        returns = any(start > end for start, _ in self.roster[key]["spells"])
        if not returns:
            self.act("founder", "people.end_account", user=user.ref, reason="Left the company")

    # -- scope ------------------------------------------------------------------------------------------------

    def scope(self) -> Iterator[Event]:
        """The system, its boundary and its period."""
        system = self.data["system"]
        yield Event(moment(system["on"]), 3, self._describe)
        for row in self.data["vendor"]:
            for report in row["report"][1:]:
                since = report["read"].isoformat()
                yield Event(moment(report["read"], "16:30"), 5, partial(self._vendor, row, report, since))
        for row in self.data["exclusion"]:
            yield Event(moment(row["on"], "14:00"), 4, partial(self._exclude, row))
        for row in [*self.data["incident"], *self.data["significant_change"]]:
            yield Event(moment(row["on"], "16:00"), 5, partial(self._report, row))

    def _describe(self) -> None:
        system, company, period, day = (
            self.data["system"],
            self.data["company"],
            self.data["period"],
            self.data["system"]["on"],
        )
        since = day.isoformat()
        version = self.act(
            system["by"],
            "scope.describe",
            code=SYSTEM,
            name=system["name"],
            company=company["name"],
            services=f"{system['services']}\n\nUsers: {system['users']}\n\nDelivery: {system['delivery']}",
            boundary=system["boundary"],
            categories=system["categories"],
            effective_from=since,
            time_zone=company["time_zone"],
            calendar=company["calendar"],
        )
        for row in self.data["commitment"]:
            self._commit(row["id"], "commitment", row["category"], row, since)
        for row in self.data["requirement"]:
            self._commit(row["id"], "requirement", "security", row, since)
        self._place_all(since)
        self.act("founder", "scope.approve", version=version.ref, note="Discussed with the leadership team.")
        self.act(
            "founder",
            "scope.set_period",
            system=SYSTEM,
            type=2,
            start=period["start"].isoformat(),
            end=period["end"].isoformat(),
            time_zone=company["time_zone"],
        )

    def _commit(self, code: str, kind: str, category: str, row: Mapping[str, Any], since: str) -> None:
        self.act(
            self.data["system"]["by"],
            "scope.commit",
            system=SYSTEM,
            code=code,
            kind=kind,
            category=category,
            text=row["text"],
            source=row["source"],
            effective_from=since,
            target=row.get("target", ""),
            principal=row.get("principal", True),
            criteria=row.get("criteria", []),
        )

    def _place_all(self, since: str) -> None:
        """Vendors first and kinds of data before what holds them: each is named by what comes after it."""
        by = self.data["system"]["by"]
        for row in self.data["vendor"]:
            self._vendor(row, row["report"][0], since)
        for row in sorted(self.data["component"], key=lambda row: row["kind"] != "data"):
            self._place(row, since)
        for number, row in enumerate(self.data["complement"], 1):
            vendor = {"vendor": row["vendor"]} if row["vendor"] else {}
            self.act(
                by,
                "scope.assume",
                system=SYSTEM,
                code=f"{row['kind']}-{number}",
                kind=row["kind"].lower(),
                text=row["text"],
                criteria=row["criteria"],
                why=row.get("why", ""),
                effective_from=since,
                **vendor,
            )

    def _place(self, row: Mapping[str, Any], since: str) -> None:
        """A component with what it holds, helps to keep and passes on."""
        self.act(
            self.data["system"]["by"],
            "scope.place",
            system=SYSTEM,
            code=self.codes[row["name"]],
            kind=row["kind"],
            name=row["name"],
            description=row["purpose"],
            inside=row["inside"],
            owner=self.user(row["owner"]).ref,
            effective_from=since,
            data=[self.codes[name] for name in row.get("data", ())],
            flows=[{"to": self.codes.get(flow["to"], flow["to"]), "what": flow["what"]}
                   for flow in row.get("flows", ())],
            **{name: row[name] for name in ("commitments", "classification", "location", "supplier", "details")
               if name in row},
        )  # fmt: skip

    @cached_property
    def codes(self) -> dict[str, str]:
        """The code of each component, by its name."""
        rows = enumerate(self.data["component"], 1)
        return {row["name"]: f"{row['kind'][:4].upper()}-{number}" for number, row in rows}

    def _vendor(self, row: Mapping[str, Any], report: Mapping[str, Any], since: str) -> None:
        """A vendor with its own report, as it was read last; a newer report is a new version."""
        self.act(
            self.data["system"]["by"],
            "scope.add_vendor",
            code=row["key"],
            name=row["name"],
            service=row["service"],
            subservice=row["subservice"],
            method=row["method"],
            criteria=row["criteria"],
            monitored_by=row["monitored_by"],
            report=report["text"],
            report_end=report["end"].isoformat(),
            effective_from=since,
            owner=self.user(row["owner"]).ref,
            backup_owner=self.user(row["backup_owner"]).ref,
            data=[self.codes[name] for name in row.get("data", ())],
            commitments=row.get("commitments", []),
        )

    def _exclude(self, row: Mapping[str, Any]) -> None:
        self.act(
            row["by"] if row["by"] in {"founder", "compliance"} else "compliance",
            "scope.exclude",
            system=SYSTEM,
            what=row["what"],
            reason=row["why"],
            until=row["until"].isoformat(),
        )

    def _report(self, row: Mapping[str, Any]) -> None:
        incident = "discovered" in row
        text = row["effect"] if incident else f"Before: {row['before']} After: {row['after']}"
        disclosed = row["disclosed"] if incident else row["significant"]
        why = row.get("disclosed_reason", "") or "Judged not significant for the commitments."
        self.act(
            "compliance",
            "scope.report_event",
            system=SYSTEM,
            kind="incident" if incident else "change",
            happened_on=row["on"].isoformat(),
            title=row["title"],
            text=text,
            criteria=row.get("criteria", []),
            disclosed=disclosed,
            why="" if disclosed else why,
            **({name: row[name] for name in ("cause", "disposition", "commitments")} if incident else {}),
            **({"discovered_on": row["discovered"][:10]} if incident else {}),
        )

    # -- controls and policies ----------------------------------------------------------------------------------

    def controls(self) -> Iterator[Event]:
        """Controls adopted, handed over and changed."""
        for row in self.data["control"]:
            yield Event(moment(row["from"], "10:00"), 3, partial(self._adopt, row))
        for row in self.data["owner_change"]:
            yield Event(moment(row["on"], "10:00"), 4, partial(self._hand_over, row))
        for row in self.data["control_change"]:
            yield Event(moment(row["on"], "11:00"), 4, partial(self._rewrite, row))

    def _adopt(self, row: Mapping[str, Any]) -> None:
        for code in row["ids"]:
            self.act(
                "compliance",
                "controls.adopt",
                starter=code,
                owner=self.user(row["owner"]).ref,
                effective_from=row["from"].isoformat(),
            )
            for document, _, evidence in [item for item in self.waiting if item[1] == code]:
                self._use(document, code, evidence)

    def _hand_over(self, row: Mapping[str, Any]) -> None:
        for code in row["controls"]:
            self.act(
                "compliance",
                "controls.hand_over",
                control=code,
                owner=self.user(row["to"]).ref,
                effective_from=row["on"].isoformat(),
                reason=row["reason"],
            )

    def _rewrite(self, row: Mapping[str, Any]) -> None:
        old = self.rows("compliance", ControlVersion).as_of(clock.today()).get(control__code=row["control"])
        self.act(
            "compliance",
            "controls.write",
            code=row["control"],
            title=old.title,
            statement=row["statement"],
            criteria=old.criteria,
            nature=old.nature,
            purpose=old.purpose,
            frequency=old.frequency,
            owner=old.owner.ref,
            effective_from=row["on"].isoformat(),
            policy=old.policy,
            parameters=old.parameters,
            evidence_wanted=old.evidence_wanted,
            reason=row["why"],
        )

    def policies(self) -> Iterator[Event]:
        """Policies written, approved, published, acknowledged."""
        for row in self.data["policy"]:
            for version in row["version"]:
                yield Event(
                    moment(version["approved"], "09:30"), 5, partial(self._write_policy, row, version)
                )
                yield Event(moment(version["published"], "08:15"), 3, partial(self._publish, row, version))
        for row in self.acknowledged:
            at = datetime.fromisoformat(row["at"])
            yield Event(at.astimezone(ZONE), 6, partial(self._acknowledge, row))

    def _write_policy(self, row: Mapping[str, Any], version: Mapping[str, Any]) -> None:
        starter = next(item for item in starter_policies() if item.id == row["id"])
        text = starter.text({**self.data["policy_answers"], **self._parameters()})
        if version["number"] > 1:
            text += f"\n\n## Change in this version\n\n{version['change']}\n"
        made = self.act(
            row["owner"],
            "controls.write_policy",
            code=row["id"],
            title=row["title"],
            label=str(version["number"]),
            text=text,
            owner=self.user(row["owner"]).ref,
            effective_from=version["published"].isoformat(),
            criteria=list(starter.criteria),
        )
        self.act(version["approved_by"], "controls.approve_policy", version=made.ref, note=version["change"])

    def _parameters(self) -> dict[str, Any]:
        rows = self.rows("compliance", ControlVersion).as_of(clock.today()).select_related("control")
        return {f"{row.control.code}.{name}": value for row in rows for name, value in row.parameters.items()}

    def version(self, policy: str, number: object) -> Any:
        """A policy version by the policy's code and its number."""
        return self.rows("compliance", PolicyVersion).get(policy__code=policy, label=str(number))

    def _publish(self, row: Mapping[str, Any], version: Mapping[str, Any]) -> None:
        self.act(
            "compliance",
            "controls.publish_policy",
            version=self.version(row["id"], version["number"]).ref,
            must_acknowledge=row["acknowledged_by"] == "everyone",
        )

    def _acknowledge(self, row: Mapping[str, Any]) -> None:
        version = self.version(row["policy"], row["version"])
        self.act(row["person"], "controls.acknowledge", version=version.ref, digest=version.digest)

    # -- evidence -----------------------------------------------------------------------------------------------

    def filing(self) -> Iterator[Event]:
        """Documents filed on their days and accepted by a second person afterwards."""
        for row in self.documents:
            yield Event(moment(row["on"], row["at"]), 6, partial(self._file, row))

    def _file(self, row: Mapping[str, Any]) -> None:
        path = self.example / "documents" / row["file"]
        kept = files.keep(path)
        upload = Upload(path.name, mimetypes.guess_type(path.name)[0] or "text/plain", kept.sha256, kept.size)
        observed = datetime.combine(row["observed"], time(9), ZONE)
        evidence = self.act(
            row["by"],
            "evidence.file",
            upload=upload,
            kind=row["kind"],
            source=row.get("source", "the owner's own record"),
            description=row["title"],
            covers_from=row["covers"][0].isoformat(),
            covers_to=row["covers"][1].isoformat(),
            observed_at=min(observed, clock.now()).isoformat(),
        )
        self.evidence[row["key"]] = evidence.ref
        for code in row["controls"]:
            self._use(row, code, evidence.ref)

    def _use(self, row: Mapping[str, Any], code: str, evidence: str) -> None:
        version = (
            self.rows("compliance", ControlVersion).as_of(clock.today()).filter(control__code=code).first()
        )
        if version is None:  # filed before the control was adopted
            self.waiting.append((row, code, evidence))
            return
        by = row["by"] if version.owner == self.user(row["by"]) else "compliance"
        support = self.act(
            by,
            "evidence.support",
            evidence=evidence,
            control=code,
            occurrence=self._occurrence(version.frequency, row["covers"]),
            performed_on=row["observed"].isoformat(),
        )
        for second in ("reviewer", "compliance", "founder"):
            if second != by and self.user(second) != version.owner:
                self.act(second, "evidence.accept", support=support.ref, note="Read and found sufficient.")
                return

    def _occurrence(self, frequency: str, covers: list[date]) -> str:
        """The occurrence that a document shows; one that covers several shows them all and names none."""
        every, period = bucket_for(frequency), self.data["period"]
        if every is None:
            return ""
        if every == "year":
            found = occurrences(frequency, period["start"], period["end"])
            return next((item.key for item in found if item.start <= covers[1] <= item.end), "")
        key, start, _ = bucket_of(every, covers[1])
        return key if start <= covers[0] else ""

    def _use_lists(self) -> None:
        """The lists collected right after the period serve as evidence of the controls that they show."""
        for key, codes in LISTED.items():
            for code in codes:
                support = self.act(
                    "compliance", "evidence.support", evidence=self.newest(key)[0], control=code
                )
                self.act("reviewer", "evidence.accept", support=support.ref, note="Complete and reconciled.")

    # -- sources --------------------------------------------------------------------------------------------------

    def sources_read(self) -> Iterator[Event]:
        """Sources connected, and their exports renewed each Monday before the due collections run."""
        first: date = self.data["collection"][0]["from"]
        yield Event(moment(first, "06:00"), 1, self._connect)
        yield Event(moment(self.data["engagement"]["fieldwork"], "09:00"), 6, self._use_lists)
        # What is read each month is read once more on the last day, so that all lists are of one morning.
        yield Event(moment(self.demo_day, "06:45"), 2, self._collect_monthly)
        for weeks in range((self.demo_day - first).days // 7 + 1):
            day = first + timedelta(weeks=weeks)
            yield Event(moment(day, "06:30"), 0, partial(self._export, day))

    def _connect(self) -> None:
        for row in self.data["collection"]:
            given = {name: row[name] for name in ("recipe", "repository", "branch") if row.get(name)}
            given |= {"path": str(self.sources / row["path"])} if row["path"] else {}
            title = TITLES[row["key"]]
            self.act(
                "compliance",
                "evidence.connect",
                code=row["key"],
                title=title,
                collector=row["collector"],
                source=title,
                every=row["every"],
                settings=given,
                effective_from=clock.today().isoformat(),
            )

    def _collect_monthly(self) -> None:
        codes = [row["key"] for row in self.data["collection"] if row["every"] == "month"]
        for row in self.rows("compliance", Connection).filter(code__in=codes).order_by("pk"):
            self.act("compliance", "evidence.collect", connection=row.ref)

    def _export(self, day: date) -> None:
        for system in ("hris", "accounts", "forge", "learning", "tracker", "scanner", "devices", "repo"):
            self._maker(system).write(self.sources, day)

    def _maker(self, name: str) -> Any:
        """A part of the example's generator: what the company's systems would have given on a day."""
        if str(self.example) not in sys.path:
            sys.path.insert(0, str(self.example))
        return importlib.import_module(f"maker.{name}")

    def newest(self, code: str) -> list[str]:
        """Reference of the newest evidence of a connection."""
        row = (
            self.rows("compliance", Evidence)
            .filter(collection__connection__code=code)
            .order_by("-pk")
            .first()
        )
        return [row.ref] if row else []
