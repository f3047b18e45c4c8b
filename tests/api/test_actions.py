"""One operation for each action that people may do; each works, as somebody; a refused one leaves nothing behind."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.api.calling import IN_PERSON, call, entry, written
from tests.api.examples import EXAMPLES
from tests.api.world import CHARACTERS
from tickmark.api.calls import offered
from tickmark.api.door import api
from tickmark.audit.queries import lines_for
from tickmark.kernel import clock, remembered
from tickmark.kernel.access import table, visible
from tickmark.kernel.action import ACTIONS, one_of
from tickmark.kernel.answers import due, steps_state
from tickmark.kernel.arguments import Incoming, perform
from tickmark.kernel.errors import NotFound
from tickmark.kernel.references import prefixes

UNATTENDED = {
    *("people.set_up", "people.join", "people.record_credential"),
    *("report.read_copy", "evidence.record_collection", "upkeep.record_delivery"),
}


def test_the_table_and_the_actions_name_the_same_verbs() -> None:
    assert set(table().MAY) == set(ACTIONS)


def test_each_action_that_people_may_do_has_one_operation() -> None:
    paths = api.get_openapi_schema()["paths"]
    posts = sorted((item["post"]["operationId"], path) for path, item in paths.items() if "post" in item)
    wanted = sorted(set(table().MAY) - UNATTENDED)
    assert posts == [(name, f"/api/{name.replace('.', '/')}") for name in wanted]


def test_an_intake_is_shown_before_it_is_done(world: Any) -> None:
    before, files = written(), _files(world)
    given = {**EXAMPLES["evidence.file_many"].arguments(world), "source": ""}
    answer = call(world, "owner", "evidence.file_many/preview", given)
    assert answer.status_code == 200, answer.content
    assert [(one["name"], one["filed"], one["refused"]["what"]) for one in answer.json()["items"]] == [
        ("files-0.txt", False, "The source is empty."),
        ("files-1.txt", False, "The source is empty."),
    ]
    assert (
        call(world, "employee", "evidence.file_many/preview", given).status_code == 404
    )  # no control is theirs to see
    assert (written(), _files(world)) == (before, files)


def test_each_operation_has_an_example() -> None:
    assert sorted(EXAMPLES) == sorted(offered())


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_works_and_is_recorded(world: Any, name: str) -> None:
    one = EXAMPLES[name]
    answer = call(world, one.who, name, one.arguments(world))
    assert answer.status_code == 201, answer.content
    found = entry(answer)
    kind = "person" if name in IN_PERSON else "token"
    assert (found.verb, found.actor, found.actor_kind) == (name, getattr(world.cast, one.who).ref, kind)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_after_each_action_what_is_remembered_is_what_the_books_say(
    world: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asked(world)
    one = EXAMPLES[name]
    assert call(world, one.who, name, one.arguments(world)).status_code == 201
    held = _asked(world)
    monkeypatch.setattr(remembered, "wrote", lambda: True)  # whoever has written asks the books
    assert held == _asked(world)


def _asked(world: Any) -> dict[str, Any]:
    """What the pages remember, for somebody of each kind."""
    day = clock.today()
    found: dict[str, Any] = {}
    for who in ("lead", "owner", "partner"):
        actor = world.cast.actor(who)
        found[who] = due(actor, day), steps_state(actor, day), list(lines_for(actor, day))
    return found


class _Undone(Exception):
    """Ends an attempt."""


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_a_refused_call_writes_nothing(world: Any, name: str) -> None:
    """Every character makes the call that works for one of them; whoever is refused leaves no row and no file."""
    arguments, refused = EXAMPLES[name].arguments(world), set()
    for who in CHARACTERS:
        before, files = written(), _files(world)
        status = _tried(world, who, name, arguments, (before, files))
        if status != 201:
            refused.add(who)
            assert status in (403, 404, 409, 422), who
    assert EXAMPLES[name].who not in refused
    assert refused or name in FOR_EVERYBODY


FOR_EVERYBODY = {"people.make_token", "upkeep.choose_digest", "upkeep.make_feed"}


def _tried(world: Any, who: str, name: str, arguments: dict[str, Any], before: Any) -> int:
    try:
        with transaction.atomic():
            answer = call(world, who, name, arguments)
            if answer.status_code != 201:
                assert (written(), _files(world)) == before, (who, answer.content)
            raise _Undone
    except _Undone:
        return int(answer.status_code)


def _files(world: Any) -> set[str]:
    return {path.name for path in (world.home / "files").rglob("*") if path.is_file()}


def _hidden(world: Any) -> Iterator[tuple[str, str, str, str]]:
    """Action, parameter, character and the reference of a row that this character may not see, of all there are."""
    actors = {who: world.actor(who) for who in CHARACTERS}
    found: dict[tuple[Any, str], str] = {}
    for name in EXAMPLES:
        for parameter, kind in ACTIONS[name].types.items():
            model, _ = one_of(kind)
            if model is None:
                continue
            for who in CHARACTERS:
                if (model, who) not in found:
                    found[model, who] = _unseen(actors[who], model)
                yield name, parameter, who, found[model, who]


def _unseen(actor: Any, model: Any) -> str:
    row = model._default_manager.exclude(pk__in=visible(actor, model).values("pk")).first()
    return row.ref if row else f"{model.PREFIX}-99999999"


def test_what_a_character_may_not_see_is_not_found_in_every_argument(world: Any) -> None:
    tried = real = 0
    ready = {name: one.arguments(world) for name, one in EXAMPLES.items()}
    before, actors = written(), {who: world.actor(who) for who in CHARACTERS}
    for name, parameter, who, reference in list(_hidden(world)):
        action = ACTIONS[name]
        raw = {**ready[name], parameter: [reference] if one_of(action.types[parameter])[1] else reference}
        words = reference if who == EXAMPLES[name].who else "There is no "
        with pytest.raises(NotFound, match=words):
            perform(action, actors[who], {key: _at_the_door(value) for key, value in raw.items()})
        tried, real = tried + 1, real + (not reference.endswith("-99999999"))
    assert written() == before
    assert tried > 1000 and real > 400, (tried, real)


def _at_the_door(value: Any) -> Any:
    if isinstance(value, list):
        return [_at_the_door(item) for item in value]
    return Incoming("a.txt", "text/plain", io.BytesIO(value)) if isinstance(value, bytes) else value


def test_the_door_says_404_for_it(world: Any) -> None:
    before = written()
    seen = set()
    for name, parameter, who, reference in list(_hidden(world)):
        if (name, parameter) in seen or reference.endswith("-99999999"):
            continue
        seen.add((name, parameter))
        many = one_of(ACTIONS[name].types[parameter])[1]
        given = {**EXAMPLES[name].arguments(world), parameter: [reference] if many else reference}
        answer = call(world, who, name, given)
        assert (answer.status_code, answer.json()["error"]) == (404, "NotFound"), (
            name,
            parameter,
            who,
            answer.content,
        )
        assert answer.json()["field"] in ACTIONS[name].types
    assert written() == before
    assert len(seen) > 60


def test_the_same_holds_where_an_action_is_called_in_the_program(world: Any) -> None:
    actors = {who: world.actor(who) for who in CHARACTERS}
    for name, parameter, who, reference in list(_hidden(world)):
        model = prefixes()[reference[:2]]
        row: Any = model._default_manager.filter(pk=int(reference[3:])).first() or model(pk=99999999)
        action = ACTIONS[name]
        given = dict.fromkeys(action.types) | {
            parameter: [row] if one_of(action.types[parameter])[1] else row
        }
        with pytest.raises(NotFound):
            action(actors[who], **given)


def test_a_rule_is_about_an_argument_that_the_action_has() -> None:
    wrong = [
        (name, p) for name, grant in table().MAY.items() for p in grant.rules if p not in ACTIONS[name].types
    ]
    assert wrong == []
