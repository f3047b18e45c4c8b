"""Home: the road, the next thing, who owes what and a date that can be believed; and everybody's own tasks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from tickmark.kernel.access import Actor, may, visible
from tickmark.kernel.answers import Task, due
from tickmark.kernel.errors import NotFound
from tickmark.readiness import queries as readiness
from tickmark.report import queries as reports
from tickmark.scope.models import System
from tickmark.upkeep import queries as upkeep
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of

COLUMNS = (
    Column("What", "title"),
    Column("Due", "due", "due_on"),
    Column("Step", "step"),
    Column("Why", value="why"),
)


def _actor(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def _plain(actor: Actor) -> bool:
    """Whether somebody of the company has no part in the programme but their own tasks."""
    return actor.roles <= {"employee"}


def home(request: HttpRequest) -> HttpResponse:
    """The eight steps, what is next, and the day to expect; auditors and plain employees have their own homes."""
    actor, day = _actor(request), day_of(request)
    if actor.side != "company":
        return redirect("/audit/")
    if _plain(actor):
        return redirect("/tasks")
    begun = visible(actor, System).exists()
    mine = due(actor, day)
    context = {
        "begun": begun,
        "next": mine[0] if mine else None,
        "further": mine[1:6],
        "count": len(mine),
        "summary": readiness.summary(day) if begun else None,
        "report": reports.newest(actor, day),
        "may_describe": may(actor, "scope.describe"),
    }
    return render(request, "home/home.html", context)


def owed(request: HttpRequest) -> HttpResponse:
    """Who owes what: a part of the home page that is fetched after it stands, or a page of its own without script."""
    actor, day = _actor(request), day_of(request)
    if actor.side != "company" or _plain(actor):
        raise NotFound("There is no such page.", "", "Start again from the home page.")
    rows = [
        {"user": one.user, "count": len(one.tasks), "overdue": one.overdue(day), "first": one.tasks[0]}
        for one in upkeep.who_owes(day)
    ]
    part = "home/_owed.html" if getattr(request, "htmx", False) else "home/owed.html"
    return render(request, part, {"rows": rows})


def tasks(request: HttpRequest) -> HttpResponse:
    """Everything that the person signed in owes, soonest first."""
    actor, day = _actor(request), day_of(request)
    rows = due(actor, day)
    steps = sorted({task.step for task in rows})
    listing = Listing(
        request,
        rows,
        COLUMNS,
        filters=[
            Filter("step", "Step", steps, "step"),
            Filter(
                "when",
                "When",
                (("overdue", "past its day"), ("dated", "with a day"), ("open", "without a day")),
                lambda task, value: _when(task, value, request),
            ),
        ],
    )
    if listing.wants_csv:
        return listing.csv("tasks")
    return render(
        request,
        "home/tasks.html",
        {"list": listing, "count": len(rows), "late": sum(task.overdue(day) for task in rows)},
    )


def _when(task: Task, value: str, request: HttpRequest) -> bool:
    if value == "overdue":
        return task.overdue(day_of(request))
    return (task.due_on is not None) == (value == "dated")


routes = [
    path("", home, name="home"),
    path("home/owed", owed, name="owed"),
    *list_paths("tasks", tasks, "tasks"),
]
