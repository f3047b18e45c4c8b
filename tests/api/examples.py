"""A call that works for every action: who calls, and with what, in the world of world.py."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.audit.world import NONCE
from tests.report.build import SECTION_I
from tickmark.audit import queries as asked
from tickmark.evidence.sampling import commitment

Arguments = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """Who calls, and the JSON that is sent; `bytes` values and lists of them are files."""

    who: str
    arguments: Callable[[Any], Arguments]


EXAMPLES: dict[str, Example] = {}


def example(name: str, who: str) -> Callable[[Callable[[Any], Arguments]], Callable[[Any], Arguments]]:
    """Register the call of one action."""

    def register(function: Callable[[Any], Arguments]) -> Callable[[Any], Arguments]:
        EXAMPLES[name] = Example(who, function)
        return function

    return register


def plain(action: str, by: str, /, **arguments: Any) -> None:
    """A call whose arguments are constants, rows of the world (`"@control"`) or texts."""
    EXAMPLES[action] = Example(
        by, lambda world: {key: _filled(world, value) for key, value in arguments.items()}
    )


def _filled(world: Any, value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        return _row(world, value[1:])
    if isinstance(value, dict):
        return {key: _filled(world, item) for key, item in value.items()}
    return [_filled(world, item) for item in value] if isinstance(value, list) else value


def _row(world: Any, name: str) -> str:
    row = getattr(world, name, None) or getattr(world.cast, name)
    return row if isinstance(row, str) else str(row.ref)


AFTER, LATER, DUE = "2026-11-01", "2027-02-01", "2027-01-31"

plain("people.invite", "founder", email="n@northlight.example", name="Nia", side="company", role="owner")
plain("people.grant", "founder", user="@employee", role="owner")
plain("people.end_role", "founder", grant="@grant", reason="Moved")
plain("people.end_account", "founder", user="@employee", reason="Left")
plain("people.add", "lead", key="P-9", name="Cy Cole", starts_on=AFTER)
plain("people.depart", "lead", employment="@employment", ends_on="2026-11-30")
plain("people.make_token", "staff", name="mine", scopes=["read"], days="7")
plain("people.end_token", "lead", token="@token")
plain("people.end_sessions", "lead", user="@lead")
plain("people.require_second_factor", "founder", required=True)
plain("people.provision", "founder", user_name="cy", name="Cy Cole", email="cy@northlight.example")
plain("scope.describe", "lead", code="third", name="Third", company="Northlight, Inc.", services="Payroll",
      categories=["security", "availability"], effective_from=AFTER)  # fmt: skip
plain("scope.approve", "founder", version="@draft")
plain("scope.commit", "lead", system="ledger", code="SC-09", kind="commitment", category="security", text="Kept safe.",
      source="Terms 8", effective_from=AFTER)  # fmt: skip
plain(
    "scope.place",
    "lead",
    system="ledger",
    code="api",
    kind="software",
    name="API",
    effective_from=AFTER,
    owner="@owner",
)
plain("scope.add_vendor", "lead", code="mail", name="Mail", service="Sends mail", effective_from=AFTER, subservice=True,
      method="carve-out", criteria=["CC6.4"])  # fmt: skip
plain("scope.assume", "lead", system="ledger", code="CSOC-9", kind="csoc", text="Doors are locked.", criteria=["CC6.4"],
      effective_from=AFTER, vendor="cloud")  # fmt: skip
plain(
    "scope.set_aside", "lead", system="@second", criterion="CC6.4", reason="No premises", effective_from=AFTER
)
plain("scope.exclude", "lead", system="ledger", what="Pilot", reason="Three customers", until=LATER)
plain("scope.end_exclusion", "lead", exclusion="@exclusion", reason="It is used now")
plain(
    "scope.report_event",
    "lead",
    system="ledger",
    kind="incident",
    happened_on="2026-04-01",
    title="Outage",
    text="An hour.",
)
plain("scope.tell", "lead", interview="ledger", answers={"name": "Ledger Cloud"})
plain("scope.weigh", "lead", system="ledger", point="CC6.1-01", state="addressed", note="By the inventory.")
plain(
    "scope.apply",
    "lead",
    items=[
        {
            "kind": "component",
            "code": "ledger/cache",
            "fields": {"kind": "software", "name": "Cache"},
            "since": AFTER,
        }
    ],
    source="a spreadsheet",
)
plain("scope.set_period", "founder", system="@second", type=2, start="2026-01-01", end="2026-12-31")
plain("controls.write", "lead", code="AC-99", title="Reviews", statement="The owner reviews all accounts each quarter.",
      criteria=["CC6.2", "CC6.3"], nature="M", purpose="D", frequency="quarterly", owner="@owner", effective_from=AFTER,
      parameters={"days": 10})  # fmt: skip
plain("controls.adopt", "lead", starter="AC-04", owner="@owner", effective_from=AFTER)
plain(
    "controls.adopt_many",
    "lead",
    choices=[{"starter": "AC-02"}, {"starter": "AC-04", "parameters": {"days": 2}}],
    owner="@owner",
    effective_from=AFTER,
)
plain("controls.adopt_policy", "lead", starter="POL-01", owner="@owner", effective_from=AFTER)
plain(
    "controls.adopt_policies",
    "lead",
    starters=["POL-01", "POL-02"],
    owner="@owner",
    effective_from=AFTER,
    answers={
        "company": "Northlight, Inc.",
        "executive": "the chief executive",
        "security_lead": "the security lead",
        "exception_days": 90,
        "reporting_channel": "the form for concerns",
        "GOV-01.days": 14,
    },
)
plain(
    "controls.hand_over", "lead", control="CHG-02", owner="@lead", effective_from="2026-12-11", reason="Moved"
)
plain(
    "controls.hand_over_all",
    "lead",
    user="@owner",
    to="@lead",
    effective_from="2026-12-11",
    reason="He leaves",
)
plain("controls.retire", "lead", control="CHG-02", effective_from="2026-12-31", reason="Replaced")
plain("controls.merge", "lead", controls=["CHG-02", "GOV-01"], code="CHG-90", title="Both", statement="HR does both.",
      criteria=["CC8.1"], nature="M", purpose="P", frequency="event", owner="@owner", effective_from="2026-12-11",
      reason="One habit")  # fmt: skip
plain("controls.split", "lead", control="CHG-02", effective_from="2026-12-11", reason="Two habits", into=[
    {"code": code, "title": "Part", "statement": "An engineer does it.", "criteria": ["CC8.1"], "nature": "M", "purpose": "P",
     "frequency": "event", "owner": "@owner"} for code in ("CHG-02", "CHG-91")
])  # fmt: skip
plain("controls.write_policy", "owner", code="POL-80", title="Access", label="1.0", text="# Access\n\nAsk first.",
      owner="@owner", effective_from=AFTER)  # fmt: skip
plain("controls.approve_policy", "founder", version="@unapproved", note="Read")
plain("controls.publish_policy", "founder", version="@unpublished")
plain("evidence.file", "owner", upload=b"a fresh screenshot", kind="CFG", source="Console", control="CHG-02",
      covers_from="2026-03-31", covers_to="2026-03-31", observed_at="2026-03-31T12:00:00+02:00")  # fmt: skip
plain("evidence.file_many", "owner", files=[b"a record of May", b"a record of June"], source="Console", control="CHG-02",
      kind="REC", covers_from="2026-05-01", covers_to="2026-06-30")  # fmt: skip
plain("evidence.support", "owner", evidence="@unshared", control="GOV-01", performed_on="2026-03-31")
plain("evidence.accept", "reviewer", support="@open_support", note="Shows it")
plain("evidence.reject", "reviewer", support="@open_support", reason="Another system")
plain("evidence.connect", "lead", code="git-9", title="Git", collector="git.changes", source="forge", settings={"path": "/srv/x"},
      effective_from=AFTER, every="day")  # fmt: skip
plain("evidence.collect", "owner", connection="git-2")
plain("evidence.reconcile", "owner", population="@other_list", against="the console", theirs=5)
plain("evidence.run_check", "owner", check="changes_by_git_alone", control="CHG-02", populations=["@population"], start="2025-11-01",
      end="2026-10-31")  # fmt: skip
plain("readiness.plan_remedy", "lead", gap="@gap", action="Mend it", owner="@owner", due_on=DUE)
plain("readiness.finish_remedy", "owner", remedy="@remedy", note="Mended")
plain("readiness.recheck", "reviewer", remedy="@done_remedy", holds=False, note="It is still open")
plain("readiness.accept_gap", "founder", gap="@gap", reason="Small", until=LATER)
plain("audit.open", "lead", code="next", system="ledger", period="@period", firm="Fennimore & Oake LLP")
plain("audit.invite", "auditor", engagement="running", email="a@firm.example", name="Al", role="staff")
plain("audit.add_member", "auditor", engagement="fresh", user="@specialist", role="specialist")
plain("audit.take_up", "auditor", engagement="following")
plain("audit.end_member", "auditor", member="@leaver")
plain("audit.confirm_independence", "staff", member="@member", statement="I am independent of Northlight.")
plain("audit.plan", "auditor", engagement="fresh", commitment=commitment("another nonce"), plan="Two weeks")
plain("audit.ask", "staff", engagement="running", code="Q-9", kind="configuration", title="Show the rule", due_on=DUE,
      controls=["CHG-02"], wave=3)  # fmt: skip
plain("audit.ask_list", "auditor", engagement="fresh", due_on=DUE)
plain("audit.ask_again", "auditor", engagement="repeating", due_on=DUE)
plain("audit.answer", "owner", request="@open_request", text="Here.", evidence=["@evidence", "@unshared"])
plain("audit.say", "staff", request="@open_request", text="By Friday?", visibility="shared")
plain("audit.send_back", "staff", request="@submitted_request", reason="The second page is missing")
plain("audit.close", "staff", request="@submitted_request")
plain("audit.withdraw", "staff", request="@open_request", reason="Asked twice")
plain("audit.reopen", "staff", request="@accepted_request", reason="The date is wrong")
plain("audit.prepare", "staff", engagement="running", control_version="@control_version", kind="inspection", text="Inspect.",
      shape="changes", attributes=[{"letter": "A", "text": "Approved"}, {"letter": "B", "text": "In time", "counts": False}])  # fmt: skip
plain("audit.publish", "auditor", procedure="@bare")
plain("audit.walk_through", "staff", procedure="@bare", with_whom="The owner", held_on="2026-11-20", text="Saw one.",
      design_suitable=True, implemented=True)  # fmt: skip
plain("audit.lock", "staff", procedure="@bare", population="@population", basis="Whole")
plain("audit.draw", "staff", procedure="@locked", method="random", nonce=NONCE)
plain("audit.extend", "staff", sample="@drawn_sample", count=2, reason="As planned")
plain("audit.deviate", "staff", procedure="@marked", letters=["B"], fact="One change had no approval")
plain("audit.publish_deviation", "auditor", deviation="@unpublished_deviation")
plain(
    "audit.respond",
    "lead",
    deviation="@published_deviation",
    stance="dispute",
    text="It was approved.",
    evidence="@evidence",
)
plain("audit.conclude", "staff", procedure="@marked", result="no_exceptions", reason="All met")
plain(
    "audit.conclude_criterion", "auditor", engagement="running", criterion="CC8.1", met=True, reason="Tested"
)
plain("audit.note", "auditor", procedure="@marked", text="Say more.")
plain("audit.clear_note", "staff", note="@open_note", text="Said.")
plain("audit.sign_off", "staff", procedure="@concluded", stage="prepared")
plain("audit.opine", "partner", engagement="running", description="unmodified", design="unmodified", operation="unmodified",
      text=SECTION_I, dated="2026-12-11", signed_at_city="Portland, Oregon")  # fmt: skip
plain("report.describe", "lead", engagement="running", part="overview", text="Servers in one region.")
plain("report.sign_letter", "founder", engagement="running", kind="assertion", text="We say so.", dated="2026-12-11",
      signatory="Fay Founder, Chief executive officer")  # fmt: skip
plain("report.review_quality", "quality", engagement="running", note="Read it.")
plain(
    "report.issue",
    "partner",
    engagement="2026",
    dated="2026-12-11",
    reason="A name was misspelt",
    reissues="@report",
)
plain("report.bundle", "lead", report="@report")
plain("report.give_copy", "founder", report="@report", reader="A prospect", email="p@prospect.example")


@example("controls.acknowledge", "employee")
def _acknowledge(world: Any) -> Arguments:
    digest = hashlib.sha256(world.published.text.encode()).hexdigest()
    return {"version": world.published.ref, "digest": digest}


def _cell(world: Any, test: Any) -> tuple[Any, Any]:
    return asked.grid(test).items[0], test.attributes.order_by("letter").first()


@example("audit.mark", "staff")
def _mark(world: Any) -> Arguments:
    item, attribute = _cell(world, world.drawn)
    return {"item": item.ref, "attribute": attribute.ref, "verdict": "deviation", "note": "No approval"}


@example("audit.mark_many", "staff")
def _mark_many(world: Any) -> Arguments:
    item, attribute = _cell(world, world.drawn)
    return {
        "procedure": world.drawn.ref,
        "marks": [{"item": item.key, "letter": attribute.letter, "verdict": "met"}],
    }


@example("audit.mark_by_check", "staff")
def _mark_by_check(world: Any) -> Arguments:
    _, attribute = _cell(world, world.drawn)
    return {"procedure": world.drawn.ref, "attribute": attribute.ref, "check_run": world.check_run.ref}


plain("upkeep.roll_forward", "founder", period="@rolling", note="As last year")
plain("upkeep.choose_digest", "employee", every="week")
plain("upkeep.make_feed", "staff")
plain("upkeep.end_feed", "owner", feed="@feed")
plain(
    "upkeep.add_webhook",
    "lead",
    code="tickets",
    url="https://tickets.northlight.example/hook",
    events=["audit.ask", "evidence.accept"],
)
plain("upkeep.change_webhook", "lead", webhook="chat", url="https://chat.northlight.example/b",
      events=["audit.ask"], new_secret=True)  # fmt: skip
plain("upkeep.end_webhook", "founder", webhook="chat", reason="The room was closed")
plain("upkeep.test_webhook", "lead", webhook="chat")
plain("upkeep.test_mail", "founder")
