"""Sources: how each is set and stands, collecting with its progress, and the full record of a run."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path

from tickmark.evidence import queries
from tickmark.evidence.models import Collection, Connection, ConnectionVersion, Outcome
from tickmark.evidence.rows import Rows, page_of
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor, may, not_found, visible
from tickmark.kernel.errors import NotFound
from tickmark.kernel.jobs import Slot
from tickmark.kernel.references import resolve
from tickmark.people.models import User
from tickmark.web.forming import base_of, gathered, lines_of, must_may, must_see
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of
from tickmark.web.views import do
from tickmark.web.views.evidence.parts import actor_of, found, tabs

FIRST_ROWS = 10


def index(request: HttpRequest) -> HttpResponse:
    """Every source in force on the day: how it is read, how its newest run ended, and what runs now."""
    actor, day = actor_of(request), day_of(request)
    must_see(actor, Connection)
    rows = [
        {
            "source": source,
            "may": may(actor, "evidence.collect", connection=source.connection),
            "progress": _progress(source),
        }
        for source in queries.sources(day)
    ]
    context = {"rows": rows, "tabs": tabs("sources"), "may_connect": may(actor, "evidence.connect")}
    return render(request, "evidence/sources.html", context)


def _progress(source: queries.SourceStanding) -> dict[str, Any] | None:
    """What the progress component shows of a source; None where nothing was ever asked for."""
    slot, code = source.slot, source.connection.code
    if slot is None:
        return None
    shown: dict[str, Any] = {
        "what": source.version.title,
        "now": slot.doing,
        "done": slot.done,
        "total": slot.total,
    }
    if slot.state in ("running", "waiting"):
        state = "running" if slot.state == "running" else "queued"
        return {**shown, "state": state, "url": f"/evidence/sources/{code}/progress", "said": ""}
    return {**shown, **_ended(source, slot)}


def _ended(source: queries.SourceStanding, slot: Slot) -> dict[str, Any]:
    newest = source.newest
    if slot.state == "given up" or newest is None:
        return {"state": "failed", "url": "", "said": slot.error or "It ended without a record."}
    if newest.outcome == Outcome.COMPLETE:
        return {
            "state": "complete",
            "url": "",
            "said": f"{newest.count_in_file:,} rows came, and the counts agree.",
        }
    state = "failed" if newest.outcome == Outcome.ERROR else "incomplete"
    return {"state": state, "url": "", "said": source.why}


def progress(request: HttpRequest, code: str) -> HttpResponse:
    """The progress of a source alone, for the page that watches it."""
    shown = {"progress": _progress(_source(request, code))}
    return HttpResponse(render_to_string("evidence/_progress.html", shown))


def _source(request: HttpRequest, code: str) -> queries.SourceStanding:
    must_see(actor_of(request), Connection)
    row = next((one for one in queries.sources(clock.today()) if one.connection.code == code), None)
    if row is None:
        raise not_found(Connection, code[:40])
    return row


RUNS = (
    Column("Run", value="ref"),
    Column("Started", "started", "started_at", order="started_at"),
    Column("How it ended", "outcome", lambda row: row.outcome, order="outcome"),
    Column("Rows", "rows", "count_in_file", order="count_in_file", number=True),
    Column("At the source", value="count_at_source", number=True),
    Column("By", value="run_by"),
    Column(
        "What was wrong",
        value=lambda row: "; ".join(str(one.get("sentence", "")) for one in row.problems[:2]),
    ),
)


def source(request: HttpRequest, code: str) -> HttpResponse:
    """One source: all its versions, so that a narrowed setting shows, and all its runs, failed ones too."""
    actor = actor_of(request)
    row = found(request, Connection, code)
    runs = visible(actor, Collection).filter(connection=row, started_at__lt=queries.end_of(day_of(request)))
    outcome = Filter("outcome", "Ended", Outcome.choices, "outcome")
    listing = Listing(request, runs.order_by("-pk"), RUNS, filters=[outcome], search=("run_by", "outcome"))
    if listing.wants_csv:
        return listing.csv(f"runs-{row.code}")
    versions = list(
        visible(actor, ConnectionVersion).filter(connection=row).select_related("by").order_by("pk")
    )
    context = {
        "row": row,
        "setting": versions[-1] if versions else None,
        "versions": _changes(versions),
        "list": listing,
        "names": {run.run_by: ran_by(actor, run.run_by) for run in listing.page},
        "may_collect": may(actor, "evidence.collect", connection=row),
        "may_connect": may(actor, "evidence.connect"),
        "progress": next(
            (_progress(one) for one in queries.sources(clock.today()) if one.connection == row), None
        ),
    }
    return render(request, "evidence/source.html", context)


def _changes(versions: list[ConnectionVersion]) -> list[dict[str, Any]]:
    """The versions, newest first, each with what it changed in the one before."""
    told = []
    for at, version in enumerate(versions):
        before = _flat(versions[at - 1]) if at else {}
        now = _flat(version)
        changed = [
            {"name": name, "before": before.get(name, ""), "after": now.get(name, "")}
            for name in sorted({*before, *now})
            if before.get(name) != now.get(name)
        ]
        told.append({"version": version, "changed": changed if at else [], "settings": now})
    return told[::-1]


def _flat(version: ConnectionVersion) -> dict[str, str]:
    plain = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in version.settings.items()
    }
    return {**plain, "rhythm": version.every or "by hand", "in force": "no" if version.withdrawn else "yes"}


# -- connecting -----------------------------------------------------------------------------------------------------

ASKED: dict[str, tuple[tuple[str, str, str], ...]] = {
    "git": (
        ("path", "Folder of the repository", "On this machine, whole: a shallow clone is refused."),
        (
            "repository",
            "Its name at the forge",
            "Such as larkspur/ledger; the pull requests are matched by it.",
        ),
        ("branch", "Protected branch", "Empty: the one that the repository names."),
    ),
    "files": (("path", "File or folder of the export", "On this machine, where the export is put."),),
    "books": (),
}
"""The settings that a family of collectors takes, with their words."""


def connect(request: HttpRequest) -> HttpResponse:
    """Connect a source, or change how one is read: first which collector, then its settings."""
    actor = actor_of(request)
    must_may(request, "evidence.connect")
    if request.method == "POST":
        return do.do(gathered(request, "settings"), "evidence.connect")
    newest = _newest(request)
    name = newest.connection.collector if newest else request.GET.get("collector", "")
    entries = {entry.name: entry.thing for entry in queries.registers().collectors}
    if name and name not in entries:
        raise NotFound(f"There is no collector {name[:40]}.", "", "Pick one of the list.")
    context = {
        "collectors": [(entry.name, entry.says) for entry in entries.values()],
        "collector": entries.get(name),
        "newest": newest,
        "base": base_of(actor, newest),
        "today": clock.today(),
        "settings": _settings(name, newest) if name else [],
        "rhythms": [("", "by hand"), ("day", "each day"), ("week", "each week"), ("month", "each month")],
    }
    return render(request, "evidence/connect.html", context)


def _newest(request: HttpRequest) -> ConnectionVersion | None:
    code = request.GET.get("source", "")
    if not code:
        return None
    row = found(request, Connection, code)
    rows = visible(actor_of(request), ConnectionVersion).select_related("connection")
    return rows.filter(connection=row).order_by("-pk").first()


def _settings(collector: str, newest: ConnectionVersion | None) -> list[dict[str, Any]]:
    now: dict[str, Any] = dict(newest.settings) if newest else {}
    shape = queries.registers().collectors[collector].shape
    recipes = [entry.name for entry in queries.registers().recipes if entry.thing.shape == shape]
    family = collector.partition(".")[0]
    fields = [
        {
            "name": f"settings.{name}",
            "label": label,
            "help": help_,
            "value": now.pop(name, ""),
            "required": name == "path",
        }
        for name, label, help_ in ASKED.get(family, ())
    ]
    if shape in ("pulls", "changes") and family == "files":
        name = now.pop("repository", "")
        fields.append(
            {"name": "settings.repository", "label": "Its name at the forge", "value": name, "required": True}
        )
    if family == "files":
        chosen = now.pop("recipe", recipes[0] if len(recipes) == 1 else "")
        words = {"label": "How the export reads", "kind": "select", "choices": recipes, "required": True}
        fields.append({"name": "settings.recipe", "value": chosen, **words})
    further = lines_of(now)
    words = {
        "label": "Further settings",
        "kind": "textarea",
        "rows": 3,
        "help": "One a line, such as system = idp. No secrets.",
    }
    return [*fields, {"name": "settings", "value": further, **words}]


# -- the record of a run ----------------------------------------------------------------------------------------------


def collection(request: HttpRequest, reference: str) -> HttpResponse:
    """One run of a collector with everything an auditor asks of a list (domain.md 4.8)."""
    actor = actor_of(request)
    row = found(request, Collection, reference, "connection", "population__evidence")
    population = getattr(row, "population", None)
    context = {
        "row": row,
        "record": row.record,
        "population": population,
        "standing": queries.standing_of(population) if population else None,
        "first_rows": _first_rows(population.content_hash) if population else None,
        "setting": _version_then(actor, row),
        "ran_by": ran_by(actor, row.run_by),
    }
    return render(request, "evidence/collection.html", context)


def ran_by(actor: Actor, reference: str) -> str:
    """The name behind `US-3`, or what a job is called."""
    if reference.startswith("job:"):
        return "the schedule" if reference == "job:tick" else reference.removeprefix("job:")
    row = resolve(visible(actor, User), reference) if reference else None
    return f"{row.name} ({reference})" if row else reference or "not recorded"


def _first_rows(digest: str) -> Rows:
    with files.local(digest) as place:
        return page_of(place, limit=FIRST_ROWS)


def _version_then(actor: Any, row: Collection) -> ConnectionVersion | None:
    rows: Any = visible(actor, ConnectionVersion)
    version: ConnectionVersion | None = (
        rows.as_of(row.started_at.date()).filter(connection=row.connection).first()
    )
    return version


routes = [
    path("evidence/sources/", index, name="sources"),
    path("evidence/sources/connect", connect, name="connect"),
    path("evidence/sources/<str:code>/progress", progress, name="source-progress"),
    *list_paths("evidence/sources/<str:code>/", source, "source"),
    path("evidence/collections/<str:reference>/", collection, name="collection"),
]
