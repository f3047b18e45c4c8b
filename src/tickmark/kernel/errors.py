"""The four errors. Each says what happened, why, and what to do about it."""

from __future__ import annotations


class TickmarkError(Exception):
    """Base of the four; never raised itself.

    `what` happened, `why` it happened, the `remedy`; `field` names the argument at fault, if one is.
    """

    status = 500

    def __init__(self, what: str, why: str = "", remedy: str = "", field: str = "") -> None:
        self.what, self.why, self.remedy, self.field = what, why, remedy, field
        super().__init__(" ".join(part for part in (what, why, remedy) if part))

    def as_dict(self) -> dict[str, str]:
        """The error as the API and the pages show it."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "why": self.why,
            "remedy": self.remedy,
            "field": self.field,
        }


class Refused(TickmarkError):
    """The actor may not do this. A thing the actor may not see is `not found` instead."""

    status = 403


class NotFound(Refused):
    """A missing right to see reads exactly like a thing that does not exist."""

    status = 404


class Invalid(TickmarkError):
    """The input cannot be taken as it is."""

    status = 422


class Conflict(TickmarkError):
    """The input is sound, but the books have moved on or already say otherwise."""

    status = 409


class Unavailable(TickmarkError):
    """A part that is needed does not answer; trying again later may work."""

    status = 503
