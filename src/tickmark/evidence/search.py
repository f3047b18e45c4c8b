"""What the evidence step's nouns say to search."""

from __future__ import annotations

from tickmark.evidence.models import (
    Acceptance,
    CheckRun,
    Collection,
    Connection,
    ConnectionVersion,
    Evidence,
    Finding,
    Population,
    Reconciliation,
    Rejection,
    Support,
)
from tickmark.kernel.search.said import Said, joined, searched


def _evidence(row: Evidence) -> str:
    return f"/evidence/{row.ref}"


@searched(Connection)
def connection(row: Connection) -> Said:
    """A source by its code; how it is set stands in its versions."""
    return Said("", address=f"/evidence/sources/{row.code}/", code=row.code)


@searched(ConnectionVersion, "connection")
def connection_version(row: ConnectionVersion) -> Said:
    """A source by title and system; its settings are not searched."""
    text = joined(row.source, row.connection.code, row.connection.collector)
    return Said(row.title, text, f"/evidence/sources/{row.connection.code}/")


@searched(Collection, "connection")
def collection(row: Collection) -> Said:
    """A run by its source and its problems."""
    problems = [str(one.get("sentence", "")) for one in row.problems if isinstance(one, dict)]
    title = f"{row.connection.code}, {row.get_outcome_display().lower()}, {row.started_at:%Y-%m-%d}"
    return Said(title, joined(row.shape, *problems), f"/evidence/collections/{row.ref}/")


@searched(Evidence)
def evidence(row: Evidence) -> Said:
    """A file by its name, its description, where it comes from, and the text in it."""
    text = joined(row.description, row.source, row.get_kind_display())
    return Said(row.name, text, _evidence(row), sha256=row.sha256, name=row.name)


@searched(Support, "evidence", "control", echo=True)
def support(row: Support) -> Said:
    """What a file is used for."""
    title = f"{row.evidence.name} for {row.control.code}"
    return Said(title, row.occurrence, _evidence(row.evidence))


@searched(Acceptance, "support__evidence", "support__control", echo=True)
def acceptance(row: Acceptance) -> Said:
    """The acceptance of one use."""
    title = f"Accepted: {row.support.evidence.name} for {row.support.control.code}"
    return Said(title, row.note, _evidence(row.support.evidence))


@searched(Rejection, "support__evidence", "support__control", echo=True)
def rejection(row: Rejection) -> Said:
    """The rejection of one use, with the reason."""
    title = f"Rejected: {row.support.evidence.name} for {row.support.control.code}"
    return Said(title, row.reason, _evidence(row.support.evidence))


@searched(Population, "collection__connection")
def population(row: Population) -> Said:
    """A list by its shape and source."""
    title = f"List of {row.shape} from {row.collection.connection.code}"
    return Said(title, f"{row.count} rows", f"/evidence/populations/{row.ref}/")


@searched(Reconciliation, "population", echo=True)
def reconciliation(row: Reconciliation) -> Said:
    """A list held against another."""
    title = f"{row.population.ref} held against {row.against}"
    return Said(title, row.note, f"/evidence/populations/{row.population.ref}/")


@searched(CheckRun, "control")
def check_run(row: CheckRun) -> Said:
    """A run of a check."""
    code = row.control.code if row.control else ""
    title = f"{row.check_name} {code}, {row.start} to {row.end}".replace("  ", " ")
    return Said(title, address=f"/evidence/checks/{row.ref}/")


@searched(Finding, "run")
def finding(row: Finding) -> Said:
    """An item that a check did not pass."""
    title = f"{row.item}: {row.verdict}"
    return Said(title, joined(row.cause, row.run.check_name), f"/evidence/checks/{row.run.ref}/")
