"""Facts and dated versions: the two kinds of thing that the books hold.

A *fact* is written once. A *version* is a fact that says how a design stands from a day on. Which version is in force
on a day, and what was known at a sealed size of the log, are questions (`as_of`, `over`), never columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

import rfc8785
from django.conf import settings
from django.db import models

from tickmark.kernel import canonical
from tickmark.kernel.errors import Refused
from tickmark.kernel.references import reference

V = TypeVar("V", bound="Version")

if TYPE_CHECKING:
    S = TypeVar("S")
    G = TypeVar("G")

    class DigestField(models.CharField[S, G]):
        """For the type checker: generic like every field, so that `null=True` reads as `str | None`."""
else:

    class DigestField(models.CharField):
        """The SHA-256 of a kept file, in hex. Every entry cites the files of the facts it wrote through these."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{"max_length": 64, **kwargs})


EMPTY: tuple[Any, ...] = (None, "", [], {})
"""What a column holds in the rows that stood before it came."""


class AppendOnlyQuery(models.QuerySet[Any]):
    """A query set without the verbs that would change what is written."""

    def update(self, **_: Any) -> int:
        """Never."""
        raise never(self.model)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Never."""
        raise never(self.model)


def never(model: type[models.Model]) -> Refused:
    """The refusal to change a row that stands."""
    return Refused(
        f"A {model._meta.verbose_name} is never changed or deleted.", "It is a fact.", "Record a new one."
    )


class AppendOnly(models.Model):
    """A row that is inserted once; database triggers hold it too (kernel/triggers.py)."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; a second save of the same row is refused."""
        if not self._state.adding:
            raise never(type(self))
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Never."""
        raise never(type(self))


class FactQuery(AppendOnlyQuery):
    """Facts: stamped by the action that writes them, one by one or in bulk."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Insert many facts of one action and note each in its entry. A row that collides is an error."""
        from tickmark.kernel.action import deed

        if len(args) > 1 or kwargs.keys() - {"batch_size"}:
            raise never(self.model)
        rows, current = list(objs), deed()
        for row in rows:
            row.stamp(current)
        created = super().bulk_create(rows, *args, **kwargs)
        for row in created:
            current.note(row)
        return created

    def known(self, size: int | None) -> Self:
        """Those whose entries stand among the first `size` sealed ones; None means all that is written."""
        if size is None:
            return self
        from tickmark.kernel.ledger.entry import Leaf

        return self.filter(entry__in=Leaf.objects.filter(position__lt=size).values("entry__uid"))


class Fact(AppendOnly):
    """Something that happened, written by one action: who, when, and under which ledger entry."""

    PREFIX: ClassVar[str]
    CODE: ClassVar[str | None] = None
    LATER: ClassVar[frozenset[str]] = frozenset()
    """Columns that the table did not have at first. Where one is empty it is left out of the digest, so that what was
    written before it came keeps the digest that its entry holds."""

    entry = models.UUIDField(db_index=True, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    recorded_at = models.DateTimeField(db_index=True, editable=False)

    objects: ClassVar[models.Manager[Any]] = FactQuery.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """The reference: two letters and a number."""
        return reference(self)

    def stamp(self, deed: Any) -> None:
        """Take writer, time and entry from the action under way."""
        self.entry, self.by, self.recorded_at = deed.uid, deed.actor.user, deed.at

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert within an action; outside of one there is nobody to have written it."""
        from tickmark.kernel.action import deed

        if not self._state.adding:
            raise never(type(self))
        current = deed()
        self.stamp(current)
        super().save(*args, **kwargs)
        current.note(self)

    def columns(self) -> dict[str, Any]:
        """The row as it stands: every column, keys by reference, dates as ISO text."""
        return {field.name: _plain(self, field) for field in self._meta.concrete_fields}

    def body(self) -> dict[str, Any]:
        """The row as the ledger digests it: its columns, without those that came later and say nothing."""
        every = self.columns()
        return {name: value for name, value in every.items() if name not in self.LATER or value not in EMPTY}

    def canonical(self) -> bytes:
        """RFC 8785 JSON of `body()`."""
        return canonical.dumps(self.body())

    if TYPE_CHECKING:
        digest: Any  # a noun may have a column of this name; `Fact.digest(row)` is always the method
    else:

        def digest(self) -> str:
            """SHA-256 of `canonical()`, hex."""
            return hashlib.sha256(self.canonical()).hexdigest()


class DatedQuery(FactQuery):
    """Versions, asked for a day or a period."""

    def as_of(self, day: date, known: int | None = None) -> Self:
        """The newest version per subject in force on `day`, withdrawn ones left out.

        `known` is a sealed log size, not a time: commits do not arrive in order.
        """
        model: Any = self.model
        rows = model.objects.filter(effective_from__lte=day).known(known)
        rows = rows.filter(**{name: models.OuterRef(name) for name in model.SUBJECT})
        newest = rows.order_by("-effective_from", "-pk").values("pk")[:1]
        return self.filter(pk=models.Subquery(newest), withdrawn=False)

    def over(self, start: date, end: date, known: int | None = None) -> list[Span[Any]]:
        """Every version in force at some time in the period, both days included, with its days in it.

        Like `as_of`, a filter chooses among the versions and never changes how long one was in force: a version
        ends where its subject's next one begins, also if the filter leaves that one out.
        """
        model: Any = self.model
        wanted = {row.pk: row for row in self.filter(effective_from__lte=end).known(known)}
        every = model.objects.filter(effective_from__lte=end).known(known).order_by("effective_from", "pk")
        by_subject: dict[tuple[Any, ...], list[tuple[int, date]]] = {}
        for pk, since, *subject in every.values_list("pk", "effective_from", *model.SUBJECT):
            by_subject.setdefault(tuple(subject), []).append((pk, since))
        days = (found for versions in by_subject.values() for found in _days(versions, start, end))
        return [
            Span(wanted[pk], first, last)
            for pk, first, last in days
            if pk in wanted and not wanted[pk].withdrawn
        ]


@dataclass(frozen=True)
class Span(Generic[V]):
    """A version and the first and last day in the period on which it is in force."""

    version: V
    start: date
    end: date


def joined(spans: Iterable[Span[V]], says: Callable[[V], Any]) -> list[Span[V]]:
    """Spans in the order of subjects and days, those that go on as one; the newest version names it.

    `says` is what has to stay the same, the subject among it.
    """
    found: list[Span[V]] = []
    for span in spans:
        if found and goes_on(found[-1], span, says):
            found[-1] = Span(span.version, found[-1].start, span.end)
        else:
            found.append(span)
    return found


def goes_on(before: Span[V], after: Span[V], says: Callable[[V], Any]) -> bool:
    """Whether the second says the same as the first, from the day after it."""
    return before.end + timedelta(days=1) == after.start and bool(says(before.version) == says(after.version))


def _days(versions: Sequence[tuple[int, date]], start: date, end: date) -> Iterator[tuple[int, date, date]]:
    """Key, first and last day in the period of each of one subject's versions, given in order."""
    for position, (pk, since) in enumerate(versions):
        later = versions[position + 1][1] - timedelta(days=1) if position + 1 < len(versions) else end
        first, last = max(since, start), min(later, end)
        if first <= last:
            yield pk, first, last


class Version(Fact):
    """How a design stands from `effective_from` on, until a newer version of the same subject."""

    SUBJECT: ClassVar[tuple[str, ...]]

    effective_from = models.DateField(db_index=True)
    withdrawn = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[Any]] = DatedQuery.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


def _plain(row: models.Model, field: Any) -> Any:
    value = field.to_python(getattr(row, field.attname))
    if value is not None and field.is_relation:
        return f"{getattr(field.related_model, 'PREFIX', field.related_model._meta.label)}-{value}"
    return plain(value)


def plain(value: Any) -> Any:
    """A value as canonical JSON takes it; numbers beyond 2^53 and fractions become text, instants are in UTC.

    What a database may give back in another form reads alike: 1.0 as 1, `09:00-05:00` as `14:00+00:00`.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(Decimal(repr(value)))
    if isinstance(value, int):
        return int(value) if abs(value) < 2**53 else str(value)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=rfc8785.dumps)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)
