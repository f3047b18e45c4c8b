"""What an intake would do to each file, before anything is kept or written: for the doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tickmark.evidence.manifest import LONGEST, lines
from tickmark.evidence.queries import Common, Planned, plan
from tickmark.kernel.access import Actor, require
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import Incoming, look

VERB = "evidence.file_many"


def preview(actor: Actor, raw: Mapping[str, Any]) -> list[Planned]:
    """The plan of an intake, from the same arguments as `evidence.file_many` takes at a door.

    Raises what the action would raise before it looks at single files: Refused, NotFound, Invalid.
    """
    given = look(ACTIONS[VERB], actor, {name: value for name, value in raw.items() if name != "manifest"})
    require(actor, VERB, given)
    told = raw.get("manifest")
    content = told.stream.read(LONGEST + 1) if isinstance(told, Incoming) else b""
    common = Common(
        **{name: given[name] for name in Common.__dataclass_fields__ if given.get(name) is not None}
    )
    return plan(actor, given["files"], lines(content) if content else [], common)
