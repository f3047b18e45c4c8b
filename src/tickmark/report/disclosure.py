"""Which facts a bundle discloses, and the draws in the form that a verifier repeats.

Two contents. `report` is what both sides may see: scope and controls over the period, letters, requests and answers
with the shared evidence, locked populations, published tests with their samples, published deviations, responses.
`file` is the firm's audit file: all of that, and every working paper. What the other side says among itself is in
neither, and nothing that was recorded after the report was issued.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.db.models import Q

from tickmark.audit import models as audit
from tickmark.audit import queries
from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence.models import CheckInput, CheckRun, Collection, Evidence, Population, Reconciliation
from tickmark.evidence.sampling import in_order
from tickmark.kernel.dated import Fact
from tickmark.report import models as own
from tickmark.report.models import BundleContents, Report
from tickmark.report.sections import last_day
from tickmark.scope import models as scope


class Disclosure:
    """The facts, the evidence and the samples of one bundle, as they stood when the report was issued."""

    def __init__(self, report: Report, contents: BundleContents) -> None:
        self.report, self.engagement = report, report.engagement
        self.whole = contents == BundleContents.FILE
        self.before = {"recorded_at__lte": report.recorded_at}
        procedures = audit.Procedure.objects.filter(engagement=self.engagement, **self.before)
        self.procedures = (
            procedures if self.whole else procedures.filter(publishing__recorded_at__lte=report.recorded_at)
        )

    def facts(self) -> list[Fact]:
        """Every disclosed fact once, in the order of their references."""
        groups = [
            self._scope(),
            self._controls(),
            self._requests(),
            self._evidence(),
            self._tests(),
            self._report(),
        ]
        if self.whole:
            groups.append(self._working_papers())
        found: dict[str, Fact] = {fact.ref: fact for fact in chain.from_iterable(groups)}
        return [found[ref] for ref in sorted(found)]

    def _rows(self, model: Any, **of: Any) -> Iterator[Any]:
        yield from model.objects.filter(**of, **self.before).order_by("pk")

    def _scope(self) -> Iterator[Any]:
        system = {"system": self.engagement.system_id}
        yield self.engagement.system
        yield self.engagement.period
        for model in (
            scope.SystemVersion,
            scope.Commitment,
            scope.Component,
            scope.Complement,
            scope.NotRelevant,
            scope.Exclusion,
            scope.SystemEvent,
        ):
            yield from self._rows(model, **system)
        yield from self._rows(scope.ScopeApproval, version__system=self.engagement.system_id)
        yield from self._rows(scope.ExclusionEnd, exclusion__system=self.engagement.system_id)
        yield from self._rows(scope.Vendor)
        yield from self._rows(scope.VendorVersion)

    def _controls(self) -> Iterator[Any]:
        end = last_day(self.engagement, self.report.dated)
        versions = list(self._rows(ControlVersion, effective_from__lte=end))
        yield from versions
        yield from Control.objects.filter(pk__in={version.control_id for version in versions})

    def _requests(self) -> Iterator[Any]:
        yield from self._rows(audit.Request, engagement=self.engagement)
        yield from self._rows(audit.Share, engagement=self.engagement)
        for model in (audit.RequestControl, audit.Answer, audit.RequestMove):
            yield from self._rows(model, request__engagement=self.engagement)

    def evidence(self) -> list[Evidence]:
        """The evidence that was shared with the engagement, locked populations included."""
        shared = Q(shares__engagement=self.engagement, shares__recorded_at__lte=self.report.recorded_at)
        locked = Q(population__locks__procedure__in=self.procedures)
        ids = Evidence.objects.filter(shared | locked).values("pk")
        rows = Evidence.objects.filter(pk__in=ids, **self.before).select_related("collection", "population")
        return list(rows.order_by("pk"))

    def _evidence(self) -> Iterator[Any]:
        rows = self.evidence()
        yield from rows
        yield from self._rows(Population, evidence__in=rows)
        yield from self._rows(Reconciliation, population__evidence__in=rows)
        yield from self._rows(Collection, evidence__in=rows)

    def _tests(self) -> Iterator[Any]:
        yield self.engagement
        yield from self._rows(audit.Commission, engagement=self.engagement)
        yield from self.procedures
        for model in (audit.Attribute, audit.Publishing, audit.PopulationLock, audit.Sample):
            yield from self._rows(model, procedure__in=self.procedures)
        yield from self._items()
        published = self._rows(audit.Deviation, procedure__in=self.procedures, publishing__isnull=False)
        yield from published
        deviations = {"deviation__procedure__in": self.procedures}
        yield from self._rows(audit.DeviationPublishing, **deviations)
        yield from self._rows(audit.Response, **deviations)

    def _items(self) -> Iterator[Any]:
        """Drawn items; of a census, whose items are the whole list, only those that deviate."""
        drawn = ~Q(sample__method=audit.SampleMethod.CENSUS) | Q(deviations__publishing__isnull=False)
        ids = audit.SampleItem.objects.filter(drawn, sample__procedure__in=self.procedures).values("pk")
        yield from self._rows(audit.SampleItem, pk__in=ids)

    def _report(self) -> Iterator[Any]:
        yield from self._rows(own.Report, engagement=self.engagement)
        yield from self._rows(own.Letter, engagement=self.engagement)
        yield from self._rows(own.DescriptionText, engagement=self.engagement)

    def _working_papers(self) -> Iterator[Any]:
        of = {"procedure__engagement": self.engagement}
        model: Any
        for model in (
            audit.Walkthrough,
            audit.Deviation,
            audit.Conclusion,
            audit.SignOff,
            audit.ReviewNote,
        ):
            yield from self._rows(model, **of)
        yield from self._rows(audit.SampleItem, sample__procedure__engagement=self.engagement)
        yield from self._rows(audit.Mark, attribute__procedure__engagement=self.engagement)
        yield from self._rows(audit.MarkSheet, lock__procedure__engagement=self.engagement)
        yield from self._rows(audit.NoteCleared, note__procedure__engagement=self.engagement)
        for model in (audit.CriterionConclusion, audit.Opinion, audit.TeamMember, own.QualityReview):
            yield from self._rows(model, engagement=self.engagement)
        for model in (audit.TeamEnd, audit.Independence):
            yield from self._rows(model, member__engagement=self.engagement)
        heard = Q(visibility=audit.Visibility.SHARED) | Q(side="auditor")
        ids = audit.Message.objects.filter(heard, request__engagement=self.engagement).values("pk")
        yield from self._rows(audit.Message, pk__in=ids)
        yield from self.check_runs()
        yield from self._rows(CheckInput, run__in=self.check_runs())

    def check_runs(self) -> list[CheckRun]:
        """The runs by which items were marked; the firm's file only."""
        by_row = Q(marks__attribute__procedure__engagement=self.engagement)
        by_sheet = Q(sheets__lock__procedure__engagement=self.engagement)
        rows = CheckRun.objects.filter(by_row | by_sheet, **self.before)
        return list(rows.distinct().order_by("pk")) if self.whole else []

    # -- samples

    def samples(self) -> dict[str, dict[str, Any]]:
        """Every draw with the keys of its population, so that it can be drawn again."""
        rows = audit.Sample.objects.filter(procedure__in=self.procedures, **self.before)
        rows = rows.select_related(
            "lock__population",
            "lock__procedure__engagement__period",
            "procedure__control_version__control",
            "procedure__engagement__commission",
        )
        return {row.ref: sample_record(row) for row in rows.order_by("pk")}


def sample_record(sample: audit.Sample) -> dict[str, Any]:
    """One draw as `verify.py` reads it; an extension is told with all that was drawn before it."""
    items = queries.locked_items(sample.lock)
    keys = in_order(item.key for item in items)
    engagement = sample.procedure.engagement
    drawn = _drawn(sample)
    record: dict[str, Any] = {
        "method": sample.method,
        "rule": sample.seed_rule or "committed",
        "engagement": engagement.code,
        "control": sample.procedure.control_version.control.code,
        "procedure": sample.procedure.ref,
        "committed_in": getattr(getattr(engagement, "commission", None), "ref", ""),
        "locked_in": sample.lock.ref,
        "sample": sample.ref,
        "population": sample.lock.population.ref,
        "commitment": getattr(getattr(engagement, "commission", None), "commitment", ""),
        "nonce": sample.nonce,
        "seed": sample.seed,
        "key_hash": sample.lock.key_hash,
        "keys": keys,
        "n": len(drawn),
        "drawn": drawn,
        "reason": sample.reason,
    }
    if sample.method == audit.SampleMethod.STRATIFIED:
        strata = {item.key: item.stratum or "none" for item in items}
        record["keys"] = [{"key": key, "stratum": strata[key]} for key in keys]
        record["strata"] = {
            name: sum(one == name for one in strata.values()) for name in sorted(set(strata.values()))
        }
    return record


def _drawn(sample: audit.Sample) -> list[str]:
    """The keys of the sample and of those that it extends, in the order of the draw."""
    line: list[audit.Sample] = [sample]
    while (before := line[0].extends) is not None:
        line.insert(0, before)
    found: Iterable[str] = (
        audit.SampleItem.objects.filter(sample__in=line).order_by("position").values_list("key", flat=True)
    )
    return list(found)
