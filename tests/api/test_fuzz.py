"""The published description is true: whatever is sent, as whichever character, the answer is one that it documents.

Calls are drawn from the OpenAPI document; some of their arguments are then replaced by those of a call that works, so
that they pass the first checks and reach the bodies of the actions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.calling import get, token
from tests.api.examples import EXAMPLES
from tests.api.world import CHARACTERS
from tickmark.api.calls import offered
from tickmark.api.lists import address, nouns

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
DRAWS = 4
"""Calls of one operation, each made by every character."""
QUIET = settings(
    max_examples=DRAWS,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class _Undone(Exception):
    """Ends a call without keeping what it wrote."""


@cache
def description() -> Any:
    """The document as the server gives it, to be called in process."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application())


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


def _fuzz(world: Any, operation: Any, change: Callable[[Any, st.DataObject], None]) -> set[int]:
    seen: set[int] = set()

    @QUIET
    @given(case=operation.as_strategy(), data=st.data())
    def run(case: Any, data: st.DataObject) -> None:
        change(case, data)
        seen.update(_made(world, case, who) for who in CHARACTERS)

    run()
    return seen


@pytest.mark.parametrize("name", sorted(offered()))
def test_an_action_answers_as_documented(world: Any, name: str) -> None:
    good = EXAMPLES[name].arguments(world)

    def change(case: Any, data: st.DataObject) -> None:
        if isinstance(case.body, dict):
            kept = data.draw(st.sets(st.sampled_from(sorted(good)), min_size=max(len(good) - 2, 0)))
            case.body = {**case.body, **{key: good[key] for key in kept}}

    step, verb = name.split(".")
    _fuzz(world, description()[f"/api/{step}/{verb}"]["POST"], change)


@pytest.mark.parametrize("noun", [address(model) for model in nouns()])
def test_a_list_answers_as_documented(world: Any, noun: str) -> None:
    def change(case: Any, data: st.DataObject) -> None:
        query = case.query or {}
        case.query = {key: query[key] for key in data.draw(st.sets(st.sampled_from(sorted(query)), max_size=2))} if query else {}

    seen = _fuzz(world, description()[f"/api/{noun}"]["GET"], change)
    assert 200 in seen


@pytest.mark.parametrize("noun", [address(model) for model in nouns()])
def test_a_row_answers_as_documented(world: Any, noun: str) -> None:
    _fuzz(world, description()[f"/api/{noun}/{{ref}}"]["GET"], lambda case, data: None)
    seen = {who: get(world, who, f"/{noun}").json()["items"] for who in CHARACTERS}
    who, rows = next((who, rows) for who, rows in seen.items() if rows)
    operation = description()[f"/api/{noun}/{{ref}}"]["GET"]
    case = operation.Case(path_parameters={"ref": rows[0]["ref"]})
    assert _made(world, case, who) == 200


@pytest.mark.parametrize("path", ["/api/me", "/api/tasks", "/api/ledger/checkpoint"])
def test_an_answer_is_as_documented(world: Any, path: str) -> None:
    assert 200 in _fuzz(world, description()[path]["GET"], lambda case, data: None)


def test_a_proof_and_a_file_are_as_documented(world: Any) -> None:
    proof = description()["/api/ledger/entries/{uid}/proof"]["GET"]
    assert _fuzz(world, proof, lambda case, data: None) <= {404, 422}
    assert _made(world, proof.Case(path_parameters={"uid": str(world.report.entry)}), "partner") == 200
    file = description()["/api/files/{ref}"]["GET"]
    assert _fuzz(world, file, lambda case, data: None) == {404}
    for row in (world.evidence, world.report):
        assert _made(world, file.Case(path_parameters={"ref": row.ref}), "lead") == 200
