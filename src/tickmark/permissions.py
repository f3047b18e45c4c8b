"""Who sees what, and who may do what: the whole table, as data (domain.md 0.4 rules 12 to 15, 8.3, 8.4).

`SEES` names, for each model and side, which rows exist for an actor. `MAY` names, for each action, the side, the roles
(any one suffices) and the rule that each argument must fulfil. What is not in here is not seen and not done.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from tickmark.kernel.access import EVERYBODY, NOBODY, Actor, Grant, Rule, rule

COMPANY, AUDITOR = "company", "auditor"
LEADERS = frozenset({"sponsor", "lead", "adviser"})
WORKERS = LEADERS | {"owner", "reviewer", "contributor"}
GUARDS = frozenset({"sponsor", "admin"})
HOUSEKEEPERS = frozenset({"sponsor", "lead", "admin"})
STEERING_AUDITORS = ("lead", "partner")
WORKING_AUDITORS = ("staff", "lead", "partner", "specialist")


# -- the words of the table ---------------------------------------------------------------------------------------


@rule("anyone on this side")
def anyone(actor: Actor) -> Q:
    """Every row."""
    return EVERYBODY


@rule("somebody who works on the programme")
def programme(actor: Actor) -> Q:
    """Every row, for the roles that run the programme, and for jobs; nothing for a plain employee."""
    return EVERYBODY if actor.roles & (WORKERS | {"job"}) else NOBODY


@rule("an auditor on an engagement")
def engaged(actor: Actor) -> Q:
    """Every row of the company's programme, for auditors with an engagement."""
    return EVERYBODY if actor.holds("engagement") else NOBODY


@rule("your own")
def own(actor: Actor) -> Q:
    """Rows about the actor's account."""
    return Q(user=actor.user)


@rule("an account of the company, for those who administer it")
def guarded(actor: Actor) -> Q:
    """Rows about the company's accounts, for sponsor and administrator; the auditor's are not theirs to watch."""
    return Q(user__side=COMPANY) if actor.roles & GUARDS else NOBODY


@rule("the door of the company, for those who administer it")
def guarded_door(actor: Actor) -> Q:
    """What happened at the door to the company's accounts, and to no account at all."""
    return Q(user__side=COMPANY) | Q(user=None) if actor.roles & GUARDS else NOBODY


@rule("an account of a team that you lead", many=True)
def of_my_team(actor: Actor) -> Q:
    """Rows about auditors of an engagement that the actor steers."""
    led = frozenset().union(*(actor.holds("engagement", role) for role in STEERING_AUDITORS))
    return Q(user__team_memberships__engagement__in=led)


@rule("an account of the company, for those who administer accounts")
def administered(actor: Actor) -> Q:
    """The company's accounts, for sponsor and administrator."""
    return Q(side=COMPANY) if actor.roles & GUARDS else NOBODY


@rule("somebody who administers accounts")
def administers(actor: Actor) -> Q:
    """Every row, for sponsor and administrator."""
    return EVERYBODY if actor.roles & GUARDS else NOBODY


@rule("written by you")
def mine(actor: Actor) -> Q:
    """Rows that the actor wrote."""
    return Q(by=actor.user)


@rule("written by somebody else")
def not_mine(actor: Actor) -> Q:
    """Rows that another person wrote; what a job recorded is nobody's."""
    return ~Q(by=actor.user) | Q(by=None)


def on_my_engagement(path: str = "engagement", *roles: str) -> Rule:
    """Rows whose engagement, found along `path`, has the actor on its team, in one of the roles if some are named."""

    def q(actor: Actor) -> Q:
        held = [actor.holds("engagement", role) for role in roles] if roles else [actor.holds("engagement")]
        return Q(**{f"{path}__in": frozenset().union(*held)})

    return Rule(f"{' or '.join(roles) or 'a member'} of the engagement's team", q)


def of_my_system(path: str = "system") -> Rule:
    """Rows of a system that the auditor examines."""
    return Rule("an auditor of this system", lambda actor: Q(**{f"{path}__in": actor.holds("system")}))


def put(path: str) -> Rule:
    """Rows that the auditor has put before the company."""
    return Rule("published by the auditor", lambda actor: programme(actor) & Q(**{f"{path}__isnull": False}))


@rule("in force for the personnel")
def published_policy(actor: Actor) -> Q:
    """Policy versions: published ones for every employee, all for those who work on the programme."""
    return EVERYBODY if actor.roles & WORKERS else Q(publication__isnull=False)


@rule("shared with your engagement", many=True)
def shared(actor: Actor) -> Q:
    """Evidence that an answer shares with an engagement of the actor."""
    return Q(shares__engagement__in=actor.holds("engagement"))


@rule("of a piece of evidence shared with your engagement", many=True)
def of_shared(actor: Actor) -> Q:
    """Rows about evidence that is shared."""
    return Q(evidence__shares__engagement__in=actor.holds("engagement"))


@rule("of a shared policy's published version")
def published_version(actor: Actor) -> Q:
    """Rows about a published policy version."""
    return EVERYBODY if actor.roles & WORKERS else Q(user=actor.user)


@rule("the company, or an auditor of your team", many=True)
def known_accounts(actor: Actor) -> Q:
    """Accounts that an auditor meets."""
    return (
        (engaged(actor) & Q(side=COMPANY))
        | Q(team_memberships__engagement__in=actor.holds("engagement"))
        | Q(pk=actor.user.pk)
    )


@rule("said to both sides or on your side")
def hears(actor: Actor) -> Q:
    """Messages: shared ones, and those of the actor's own side."""
    return Q(visibility="shared") | Q(side=actor.side)


@rule("a draw whose nonce may be known", many=True)
def revealed(actor: Actor) -> Q:
    """Draws without a nonce, and all of an engagement with an opinion.

    One nonce serves every control of an engagement: whoever knew it could work out the sample of a list that is not
    locked yet. The items themselves are shown as soon as the test is published.
    """
    return Q(nonce="") | Q(procedure__engagement__opinions__isnull=False)


@rule("on the firm's side a lead or partner; on the company's, until the first of them has joined")
def staffs(actor: Actor) -> Q:
    """The company invites the first auditor; from then on the firm staffs its own team (domain.md 8.4)."""
    if actor.side == AUDITOR:
        return STEERS(actor)
    return ~Q(team__role__in=STEERING_AUDITORS)


@rule(
    "a lead or partner of the engagement that it follows, until the first of them has taken it up", many=True
)
def led_before(actor: Actor) -> Q:
    """Engagements by the same firm after one that the actor leads: nobody else brings its people back (8.4)."""
    held = frozenset().union(*(actor.holds("engagement", role) for role in STEERING_AUDITORS))
    return Q(follows__in=held) & ~Q(team__role__in=STEERING_AUDITORS)


@rule("the company, or an auditor who works on the engagement")
def talks(actor: Actor) -> Q:
    """Threads: a quality reviewer takes no part in the engagement."""
    return EVERYBODY if actor.side == COMPANY else TESTS(actor)


@rule("yours")
def me(actor: Actor) -> Q:
    """The actor's own account."""
    return Q(pk=actor.user.pk if actor.user else None)


@rule("the control's owner, or a leader")
def owner_of_control(actor: Actor) -> Q:
    """Controls that the actor owns today; leaders answer for all."""
    return EVERYBODY if actor.roles & (LEADERS | {"job"}) else Q(pk__in=actor.holds("control"))


@rule("a control that is not yours")
def not_owner_of_control(actor: Actor) -> Q:
    """Uses of evidence for a control that somebody else owns (domain.md 0.4 rule 15)."""
    return ~Q(control__in=actor.holds("control"))


@rule("evidence that somebody else filed")
def not_filed_by_me(actor: Actor) -> Q:
    """Uses of evidence that another person filed; what a job collected is nobody's."""
    return ~Q(evidence__by=actor.user) | Q(evidence__by=None)


@rule("the owner of the remedy")
def owns(actor: Actor) -> Q:
    """Rows that name the actor as owner."""
    return Q(owner=actor.user)


@rule("a remedy that is not yours")
def not_owned(actor: Actor) -> Q:
    """Rows that name another owner (domain.md 10, case 100)."""
    return ~Q(owner=actor.user)


@rule("recorded by your side")
def by_my_side(actor: Actor) -> Q:
    """Entries of the ledger: the company's for those who work on the programme, an auditor's own for an auditor."""
    own_side = programme(actor) if actor.side == COMPANY else Q(actor=actor.ref)
    return Q(side=actor.side) & own_side


@rule("whoever leads the programme or administers the installation")
def keeps_house(actor: Actor) -> Q:
    """Where notices go and what became of them, beyond one's own."""
    return EVERYBODY if actor.roles & (HOUSEKEEPERS | {"job"}) else NOBODY


@rule("what both sides may see")
def of_the_report(actor: Actor) -> Q:
    """Bundles without the firm's working papers (domain.md 8.5)."""
    return Q(contents="report")


@rule("a leader of the company, or a member of the engagement's team")
def bundles(actor: Actor) -> Q:
    """Reports that the actor may bundle for somebody to check."""
    if actor.side == AUDITOR:
        return on_my_engagement()(actor)
    return EVERYBODY if actor.roles & LEADERS else NOBODY


def company(*roles: str, **rules: Rule) -> Grant:
    """An action of the company's side."""
    return Grant(COMPANY, frozenset(roles), rules)


def auditor(**rules: Rule) -> Grant:
    """An action of the auditor's side; its rules name the team and its roles."""
    return Grant(AUDITOR, frozenset(), rules)


# -- who sees what ------------------------------------------------------------------------------------------------


def both(company_rule: Rule, auditor_rule: Rule) -> Mapping[str, Rule]:
    """A model that both sides see, each by its own rule."""
    return {COMPANY: company_rule, AUDITOR: auditor_rule}


def auditors_only(path: str) -> Mapping[str, Rule]:
    """Working papers: invisible to the company (rule 14)."""
    return {AUDITOR: on_my_engagement(path)}


SEES: Mapping[str, Mapping[str, Rule]] = {
    "kernel.Entry": both(by_my_side, by_my_side),
    "people.User": both(anyone, known_accounts),
    "people.RoleGrant": both(anyone, engaged),
    "people.RoleEnd": both(anyone, engaged),
    "people.Invitation": both(programme | mine, mine),
    "people.InvitationUse": both(programme, mine),
    "people.AccountEnd": both(programme, engaged),
    "people.Token": both(own, own),
    "people.TokenEnd": both(mine, mine),
    "people.FactorRule": both(anyone, engaged),
    "people.SessionsEnd": both(own | guarded, own),
    "people.CredentialChange": both(own | guarded, own),
    "people.SignIn": both(own | guarded_door, own | of_my_team),
    "people.DirectoryEntry": both(programme | administers, engaged),
    "people.Person": both(programme, engaged),
    "people.Employment": both(programme, engaged),
    "people.Departure": both(programme, engaged),
    "scope.System": both(programme, Rule("an auditor of it", lambda actor: Q(pk__in=actor.holds("system")))),
    "scope.SystemVersion": both(programme, of_my_system()),
    "scope.ScopeApproval": both(programme, of_my_system("version__system")),
    "scope.Commitment": both(programme, of_my_system()),
    "scope.Component": both(programme, of_my_system()),
    "scope.Vendor": both(programme, engaged),
    "scope.VendorVersion": both(programme, engaged),
    "scope.Complement": both(programme, of_my_system()),
    "scope.NotRelevant": both(programme, of_my_system()),
    "scope.Exclusion": both(programme, of_my_system()),
    "scope.ExclusionEnd": both(programme, of_my_system("exclusion__system")),
    "scope.SystemEvent": both(programme, of_my_system()),
    "scope.Period": both(programme, of_my_system()),
    "scope.InterviewAnswer": {COMPANY: programme},
    "scope.PointView": both(programme, of_my_system()),
    "scope.ProgrammeImport": both(programme, engaged),
    "controls.Control": both(programme, engaged),
    "controls.ControlVersion": both(programme, engaged),
    "controls.Policy": both(anyone, engaged),
    "controls.PolicyVersion": both(published_policy, engaged),
    "controls.PolicyApproval": both(anyone, engaged),
    "controls.Publication": both(anyone, engaged),
    "controls.Acknowledgement": both(published_version, engaged),
    "evidence.Connection": both(programme, engaged),
    "evidence.ConnectionVersion": both(programme, engaged),
    "evidence.Collection": both(programme, engaged),
    "evidence.Evidence": both(programme, shared),
    "evidence.Intake": {COMPANY: programme},
    "evidence.Support": both(programme, of_shared),
    "evidence.Acceptance": both(
        programme,
        Rule(
            "of shared evidence",
            lambda a: Q(support__evidence__shares__engagement__in=a.holds("engagement")),
            True,
        ),
    ),
    "evidence.Rejection": both(
        programme,
        Rule(
            "of shared evidence",
            lambda a: Q(support__evidence__shares__engagement__in=a.holds("engagement")),
            True,
        ),
    ),
    "evidence.Population": both(programme, engaged),
    "evidence.Reconciliation": both(programme, engaged),
    "evidence.CheckRun": both(programme, engaged),
    "evidence.CheckInput": both(programme, engaged),
    "evidence.Finding": both(programme, engaged),
    "readiness.Remedy": {COMPANY: programme},
    "readiness.RemedyDone": {COMPANY: programme},
    "readiness.Recheck": {COMPANY: programme},
    "readiness.GapAcceptance": both(programme, engaged),
    "audit.Engagement": both(programme, on_my_engagement("pk") | led_before),
    "audit.Commission": both(programme, on_my_engagement()),
    "audit.TeamMember": both(programme, on_my_engagement()),
    "audit.TeamEnd": both(programme, on_my_engagement("member__engagement")),
    "audit.Independence": both(programme, on_my_engagement("member__engagement")),
    "audit.Request": both(programme, on_my_engagement()),
    "audit.RequestControl": both(programme, on_my_engagement("request__engagement")),
    "audit.Answer": both(programme, on_my_engagement("request__engagement")),
    "audit.Share": both(programme, on_my_engagement()),
    "audit.RequestMove": both(programme, on_my_engagement("request__engagement")),
    "audit.Message": both(programme & hears, on_my_engagement("request__engagement") & hears),
    "audit.Procedure": both(put("publishing"), on_my_engagement()),
    "audit.Attribute": both(put("procedure__publishing"), on_my_engagement("procedure__engagement")),
    "audit.Publishing": both(programme, on_my_engagement("procedure__engagement")),
    "audit.Walkthrough": auditors_only("procedure__engagement"),
    "audit.PopulationLock": both(programme, on_my_engagement("procedure__engagement")),
    "audit.Sample": both(put("procedure__publishing") & revealed, on_my_engagement("procedure__engagement")),
    "audit.SampleItem": both(
        put("sample__procedure__publishing"), on_my_engagement("sample__procedure__engagement")
    ),
    "audit.Mark": auditors_only("attribute__procedure__engagement"),
    "audit.MarkSheet": auditors_only("lock__procedure__engagement"),
    "audit.Deviation": both(put("publishing"), on_my_engagement("procedure__engagement")),
    "audit.DeviationPublishing": both(programme, on_my_engagement("deviation__procedure__engagement")),
    "audit.Response": both(programme, on_my_engagement("deviation__procedure__engagement")),
    "audit.Conclusion": auditors_only("procedure__engagement"),
    "audit.CriterionConclusion": auditors_only("engagement"),
    "audit.SignOff": auditors_only("procedure__engagement"),
    "audit.ReviewNote": auditors_only("procedure__engagement"),
    "audit.NoteCleared": auditors_only("note__procedure__engagement"),
    "audit.Opinion": auditors_only("engagement"),
    "report.Letter": both(programme, on_my_engagement()),
    "report.DescriptionText": both(programme, on_my_engagement()),
    "report.QualityReview": auditors_only("engagement"),
    "report.Report": both(programme, on_my_engagement()),
    "report.Bundle": both(programme & of_the_report, on_my_engagement("report__engagement")),
    "report.Copy": both(programme, on_my_engagement("report__engagement")),
    "upkeep.RollForward": both(programme, of_my_system("period__system")),
    "report.CopyRead": both(programme, on_my_engagement("copy__report__engagement")),
    "upkeep.DigestChoice": both(own, own),
    "upkeep.CalendarFeed": both(own, own),
    "upkeep.CalendarFeedEnd": both(mine, mine),
    "upkeep.Webhook": {COMPANY: keeps_house},
    "upkeep.WebhookVersion": {COMPANY: keeps_house},
    "upkeep.Delivery": both(keeps_house | own, own | on_my_engagement()),
}


# -- who may do what ----------------------------------------------------------------------------------------------

TEAM = on_my_engagement("pk")
STEERS = on_my_engagement("pk", *STEERING_AUDITORS)
TESTS = on_my_engagement("engagement", "staff", "lead", "partner", "specialist")
ASKS = on_my_engagement("pk", "staff", "lead", "partner", "specialist")
REVIEWS = on_my_engagement("engagement", "lead", "partner")

MAY: Mapping[str, Grant] = {
    "people.set_up": Grant("", frozenset({"visitor"})),
    "people.join": Grant("", frozenset({"visitor"})),
    "people.invite": company("lead", "sponsor", "admin"),
    "people.grant": company("admin", "sponsor"),
    "people.end_role": company("admin", "sponsor"),
    "people.end_account": company("admin", "sponsor"),
    "people.add": company("lead", "sponsor", "adviser", "contributor"),
    "people.depart": company("lead", "sponsor", "adviser", "contributor"),
    "people.make_token": Grant(None, in_person=True),
    "people.end_token": Grant(None, rules={"token": own}),
    "people.end_sessions": Grant(None, rules={"user": me | administered}),
    "people.require_second_factor": company("admin", "sponsor"),
    "people.record_credential": Grant(None, frozenset({"job"}), {"user": me}),
    "people.provision": company("admin", "sponsor"),
    "scope.describe": company(*LEADERS),
    "scope.approve": company("sponsor", version=not_mine),
    "scope.commit": company(*LEADERS),
    "scope.place": company(*LEADERS),
    "scope.add_vendor": company(*LEADERS),
    "scope.assume": company(*LEADERS),
    "scope.set_aside": company(*LEADERS),
    "scope.exclude": company(*LEADERS),
    "scope.end_exclusion": company(*LEADERS),
    "scope.report_event": company(*LEADERS),
    "scope.set_period": company("sponsor", "lead"),
    "scope.tell": company(*LEADERS),
    "scope.weigh": company(*LEADERS),
    "scope.apply": company(*LEADERS),
    "controls.write": company(*LEADERS),
    "controls.adopt": company(*LEADERS),
    "controls.adopt_many": company(*LEADERS),
    "controls.hand_over": company("sponsor", "lead"),
    "controls.hand_over_all": company("sponsor", "lead"),
    "controls.retire": company("sponsor", "lead"),
    "controls.merge": company("sponsor", "lead"),
    "controls.split": company("sponsor", "lead"),
    "controls.write_policy": company(*LEADERS, "owner"),
    "controls.adopt_policy": company(*LEADERS),
    "controls.adopt_policies": company(*LEADERS),
    "controls.approve_policy": company("sponsor", "lead", version=not_mine),
    "controls.publish_policy": company("sponsor", "lead"),
    "controls.acknowledge": company("employee", version=published_policy),
    "evidence.file": company(*WORKERS, control=owner_of_control),
    "evidence.file_many": company(*WORKERS, control=owner_of_control),
    "evidence.support": company(*WORKERS, control=owner_of_control),
    "evidence.accept": company(
        "reviewer", "lead", "sponsor", support=not_mine & not_filed_by_me & not_owner_of_control
    ),
    "evidence.reject": company(
        "reviewer", "lead", "sponsor", support=not_mine & not_filed_by_me & not_owner_of_control
    ),
    "evidence.connect": company("lead", "sponsor"),
    "evidence.collect": company(*LEADERS, "owner"),
    "evidence.record_collection": company("job"),
    "evidence.reconcile": company(*LEADERS, "owner"),
    "evidence.run_check": company(*LEADERS, "owner", "reviewer", "job"),
    "readiness.plan_remedy": company(*LEADERS),
    "readiness.finish_remedy": company(*WORKERS, remedy=owns),
    "readiness.recheck": company("reviewer", "lead", "sponsor", remedy=not_owned),
    "readiness.accept_gap": company("sponsor"),
    "audit.open": company("sponsor", "lead"),
    "audit.invite": Grant(None, frozenset({"sponsor", "lead", "auditor"}), {"engagement": staffs}),
    "audit.add_member": Grant(AUDITOR, frozenset(), {"engagement": STEERS}),
    "audit.end_member": auditor(member=on_my_engagement("engagement", *STEERING_AUDITORS)),
    "audit.take_up": auditor(engagement=led_before),
    "audit.confirm_independence": auditor(member=own),
    "audit.plan": auditor(engagement=STEERS),
    "audit.ask": auditor(engagement=ASKS),
    "audit.ask_list": auditor(engagement=STEERS),
    "audit.ask_again": auditor(engagement=STEERS),
    "audit.answer": company(*WORKERS - {"reviewer"}),
    "audit.say": Grant(None, rules={"request": talks}),
    "audit.send_back": auditor(request=TESTS),
    "audit.close": auditor(request=TESTS),
    "audit.withdraw": auditor(request=TESTS),
    "audit.reopen": auditor(request=TESTS),
    "audit.prepare": auditor(engagement=ASKS),
    "audit.publish": auditor(procedure=REVIEWS),
    "audit.walk_through": auditor(procedure=TESTS),
    "audit.lock": auditor(procedure=TESTS),
    "audit.draw": auditor(procedure=TESTS),
    "audit.extend": auditor(
        sample=on_my_engagement("procedure__engagement", "staff", "lead", "partner", "specialist")
    ),
    "audit.mark": auditor(
        item=on_my_engagement("sample__procedure__engagement", "staff", "lead", "partner", "specialist")
    ),
    "audit.mark_many": auditor(procedure=TESTS),
    "audit.mark_by_check": auditor(procedure=TESTS),
    "audit.deviate": auditor(procedure=TESTS),
    "audit.publish_deviation": auditor(
        deviation=on_my_engagement("procedure__engagement", *STEERING_AUDITORS)
    ),
    "audit.respond": company("sponsor", "lead"),
    "audit.conclude": auditor(procedure=TESTS),
    "audit.conclude_criterion": auditor(engagement=STEERS),
    "audit.note": auditor(procedure=on_my_engagement("engagement")),
    "audit.clear_note": auditor(note=on_my_engagement("procedure__engagement", *WORKING_AUDITORS)),
    "audit.sign_off": auditor(
        procedure=on_my_engagement("engagement", "staff", "lead", "partner", "specialist")
    ),
    "audit.opine": auditor(engagement=on_my_engagement("pk", "partner")),
    "report.describe": company(*LEADERS),
    "report.sign_letter": company("sponsor"),
    "report.review_quality": auditor(engagement=on_my_engagement("pk", "quality")),
    "report.issue": auditor(engagement=on_my_engagement("pk", "partner")),
    "report.bundle": Grant(None, rules={"report": bundles}),
    "report.give_copy": company("sponsor", "lead"),
    "upkeep.roll_forward": company("sponsor", "lead"),
    "report.read_copy": Grant("", frozenset({"visitor"})),
    "upkeep.choose_digest": Grant(None),
    "upkeep.make_feed": Grant(None, in_person=True),
    "upkeep.end_feed": Grant(None, rules={"feed": own}),
    "upkeep.add_webhook": company("lead", "admin"),
    "upkeep.change_webhook": company("lead", "admin"),
    "upkeep.end_webhook": company("lead", "admin"),
    "upkeep.test_webhook": company("lead", "admin"),
    "upkeep.test_mail": company("lead", "admin"),
    "upkeep.record_delivery": company("job"),
}
