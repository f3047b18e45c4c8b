"""The index: bookkeeping that can be made anew from the books at any time, and no fact."""

from __future__ import annotations

from django.db import models


class FileText(models.TextChoices):
    """Whether the text inside of a row's file is searched."""

    NONE = "", "no file"
    WAITING = "waiting", "not read yet"
    READ = "read", "read"
    UNREAD = "unread", "not read"


class Indexed(models.Model):
    """A row that can be found. Narrow, so that counting many hits stays quick; its words stand in `IndexedText`."""

    NOT_CARRIED = "the search index is made anew from the rows"

    noun = models.CharField(max_length=60)
    row = models.BigIntegerField()
    code = models.CharField(max_length=60, blank=True, db_index=True)
    side = models.CharField(max_length=20, blank=True)
    entry = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()
    file = models.CharField(max_length=8, choices=FileText.choices, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["noun", "row"], name="indexed_once")]
        indexes = [models.Index(fields=["file", "noun"], name="indexed_by_file")]

    def __str__(self) -> str:
        return f"{self.noun}:{self.row}"


class IndexedText(models.Model):
    """What a row said: what a hit shows. `unread` says why its file's text is not searched, or how far it is."""

    NOT_CARRIED = "the search index is made anew from the rows"

    indexed = models.OneToOneField(Indexed, models.CASCADE, primary_key=True, related_name="said")
    title = models.TextField()
    text = models.TextField(blank=True)
    address = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200, blank=True)
    unread = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.title


class IndexedEntry(models.Model):
    """An entry that was indexed before it was sealed."""

    NOT_CARRIED = "the search index is made anew from the rows"

    entry = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.entry)


class IndexState(models.Model):
    """The one row that says how far the index is: all entries at log positions below `size` are in it."""

    NOT_CARRIED = "the search index is made anew from the rows"

    id = models.SmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    version = models.SmallIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.size)
