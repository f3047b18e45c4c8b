"""The published description is true: whatever is sent, as whichever character, the answer is one that it documents.

Calls are drawn from the OpenAPI document; some of their arguments are then replaced by those of a call that works, so
that they pass the first checks and reach the bodies of the actions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.calling import application, get, token
from tests.api.examples import EXAMPLES
from tests.api.world import CHARACTERS
from tickmark.api.calls import offered
from tickmark.api.lists import address, nouns
from tickmark.kernel.action import ACTIONS, one_of

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DEEP = 12
"""Calls of one action by the character for whom it works, its references kept and all else drawn."""


def quiet(draws: int) -> settings:
    """The same few calls in each run."""
    return settings(
        max_examples=draws,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


class _Undone(Exception):
    """Ends a call without keeping what it wrote."""


@cache
def description() -> Any:
    """The document as the server gives it, to be called in process."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", application())


def test_the_document_is_valid() -> None:
    description().validate()


def _made(world: Any, case: Any, who: str) -> int:
    """The status of a call that was checked against the document and undone."""
    try:
        with transaction.atomic():
            answer = case.call(headers={"Authorization": f"Bearer {token(world, who)}"})
            case.validate_response(answer, checks=CHECKS)
            raise _Undone
    except _Undone:
        return int(answer.status_code)


Change = Callable[[Any, st.DataObject], None]


def _fuzz(
    world: Any,
    operation: Any,
    callers: Sequence[str] = CHARACTERS,
    draws: int = 1,
    change: Change | None = None,
) -> set[int]:
    """The statuses of drawn calls, each made by every caller."""
    seen: set[int] = set()

    @quiet(draws)
    @given(case=operation.as_strategy(), data=st.data())
    def run(case: Any, data: st.DataObject) -> None:
        if change is not None:
            change(case, data)
        seen.update([_made(world, case, who) for who in callers])

    run()
    return seen


@pytest.mark.parametrize("name", sorted(offered()))
def test_an_action_answers_as_documented(world: Any, name: str) -> None:
    step, verb = name.split(".")
    operation = description()[f"/api/{step}/{verb}"]["POST"]
    _fuzz(world, operation)
    good, types = EXAMPLES[name].arguments(world), ACTIONS[name].types
    rows = {key for key in good if one_of(types[key])[0] is not None}
    rest = sorted(set(good) - rows)

    def change(case: Any, data: st.DataObject) -> None:
        """Rows as in the call that works; of the rest some as there, some as drawn."""
        kept = rows | set(
            data.draw(st.lists(st.sampled_from(rest), unique=True, min_size=len(rest) // 3)) if rest else ()
        )
        if isinstance(case.body, dict):
            drawn = {key: value for key, value in case.body.items() if one_of(types.get(key))[0] is None}
            case.body = {**drawn, **{key: good[key] for key in kept}}

    _fuzz(world, operation, [EXAMPLES[name].who], DEEP if rest else 1, change)


@pytest.mark.parametrize("noun", [address(model) for model in nouns()])
def test_a_list_answers_as_documented(world: Any, noun: str) -> None:
    operation = description()[f"/api/{noun}"]["GET"]
    _fuzz(world, operation)

    def change(case: Any, data: st.DataObject) -> None:
        query = case.query or {}
        names = data.draw(st.lists(st.sampled_from(sorted(query)), unique=True, max_size=2)) if query else []
        case.query = {key: query[key] for key in names}

    _fuzz(world, operation, ["lead", "auditor"], 4, change)
    for who in CHARACTERS:
        assert _made(world, operation.Case(query={"limit": 3}), who) == 200


@pytest.mark.parametrize("noun", [address(model) for model in nouns()])
def test_a_row_answers_as_documented(world: Any, noun: str) -> None:
    operation = description()[f"/api/{noun}/{{ref}}"]["GET"]
    _fuzz(world, operation)
    seen = ((who, get(world, who, f"/{noun}").json()["items"]) for who in ("lead", "auditor", *CHARACTERS))
    who, rows = next((who, rows) for who, rows in seen if rows)
    assert _made(world, operation.Case(path_parameters={"ref": rows[0]["ref"]}), who) == 200


@pytest.mark.parametrize("path", ["/api/me", "/api/tasks", "/api/ledger/checkpoint"])
def test_an_answer_is_as_documented(world: Any, path: str) -> None:
    assert 200 in _fuzz(world, description()[path]["GET"], draws=3)


def test_a_proof_and_a_file_are_as_documented(world: Any) -> None:
    proof = description()["/api/ledger/entries/{uid}/proof"]["GET"]
    assert _fuzz(world, proof) <= {404, 422}
    assert _made(world, proof.Case(path_parameters={"uid": str(world.report.entry)}), "partner") == 200
    file = description()["/api/files/{ref}"]["GET"]
    assert _fuzz(world, file) == {404}
    for row in (world.evidence, world.report):
        assert _made(world, file.Case(path_parameters={"ref": row.ref}), "lead") == 200
