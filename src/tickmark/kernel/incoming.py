"""Files on their way in: never in memory, never beyond the limit, and nothing of a refused one stays."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.template.defaultfilters import filesizeformat

from tickmark.kernel.errors import Invalid

BESIDE = 8 << 20
"""Bytes that a form may have beside its files: texts, and the lines between its parts."""


class UploadTooBig(RequestDataTooBig):
    """The files of one request are larger than the limit."""


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes files to the temporary folder in chunks; all files of one request share one limit.

    A request that announces more is refused before a byte of it is read, any other as soon as it is over.
    """

    total = 0

    def handle_raw_input(  # type: ignore[override]
        self, input_data: Any, meta: Any, length: int, *more: Any, **named: Any
    ) -> None:
        """Refuse what announces too much."""
        if length > settings.UPLOAD_LIMIT + BESIDE:
            raise UploadTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Count, then write."""
        self.total += len(raw_data)
        if self.total > settings.UPLOAD_LIMIT:
            self.upload_interrupted()
            raise UploadTooBig
        super().receive_data_chunk(raw_data, start)


def too_big() -> Invalid:
    """The error for files beyond the limit."""
    most = filesizeformat(settings.UPLOAD_LIMIT)
    why = f"The files of one form may hold {most} together (TICKMARK_UPLOAD_LIMIT)."
    return Invalid(
        "The file is too large.", why, "Send a smaller part, or ask whoever runs this host.", "upload"
    )
