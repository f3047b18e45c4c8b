"""Exports as files: CSV, XLSX, JSON and JSON lines, read through a recipe."""

from __future__ import annotations

from collections.abc import Iterator

from tickmark.plugin import Row, Source, collector, read_export


@collector("files.people", shape="people")
def people(source: Source) -> Iterator[Row]:
    """People as the HR system exports them."""
    return read_export(source, ("person", "spell"))


@collector("files.accounts", shape="accounts")
def accounts(source: Source) -> Iterator[Row]:
    """Accounts as a system or the identity provider exports them."""
    return read_export(source, ("system", "account"))


@collector("files.pulls", shape="pulls")
def pulls(source: Source) -> Iterator[Row]:
    """Pull requests with their reviews, as the forge's API gives them."""
    return read_export(source, ("repository", "pull"))


@collector("files.changes", shape="changes")
def changes(source: Source) -> Iterator[Row]:
    """Changes as another tool exports them."""
    return read_export(source, ("repository", "change"))


@collector("files.policies", shape="policies")
def policies(source: Source) -> Iterator[Row]:
    """Published versions of policies, as another tool exports them."""
    return read_export(source, ("policy", "version"))


@collector("files.acknowledgements", shape="acknowledgements")
def acknowledgements(source: Source) -> Iterator[Row]:
    """Acknowledgements of policies, as another tool exports them."""
    return read_export(source, ("person", "policy", "version"))


@collector("files.trainings", shape="trainings")
def trainings(source: Source) -> Iterator[Row]:
    """Courses assigned and taken, as the learning system exports them."""
    return read_export(source, ("record",))


@collector("files.tickets", shape="tickets")
def tickets(source: Source) -> Iterator[Row]:
    """Tickets of every kind and state, as the tracker exports them."""
    return read_export(source, ("project", "ticket"))


@collector("files.findings", shape="findings")
def findings(source: Source) -> Iterator[Row]:
    """Weaknesses as a scanner or its console exports them, fixed ones included."""
    return read_export(source, ("scanner", "finding"))


@collector("files.devices", shape="devices")
def devices(source: Source) -> Iterator[Row]:
    """Devices as device management exports them, retired ones included."""
    return read_export(source, ("manager", "device"))
