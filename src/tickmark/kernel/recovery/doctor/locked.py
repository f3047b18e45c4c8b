"""Object lock is not believed. A store says that it locks; whether it does shows when one tries to break it.

Many servers that speak S3 accept a lock and enforce nothing. So the retention is read back from an object of our own,
and then that object's version is deleted, and its retention shortened: both must be refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from tickmark.kernel import clock
from tickmark.kernel.recovery.findings import Finding

PROBE = "tickmark-lock-probe"
ANOTHER = "Keep the files in a store that enforces object lock, or do not rely on it: backups elsewhere are the guard."


def examine_lock() -> Iterator[Finding]:
    """What the store's lock is worth; nothing for a folder, which has none."""
    parts = urlsplit(settings.FILES_URL)
    if parts.scheme == "file":
        return
    if parts.scheme != "s3":
        yield _unproven(
            f"This version proves the lock of S3 alone, not of {parts.scheme}.", "Try it by hand."
        )
        return
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        yield _unproven("boto3 is not installed.", "Install it: pip install 'tickmark[s3]'")
        return
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    probe = Probe(boto3.client("s3", region_name=region), parts.netloc, parts.path.strip("/"))
    try:
        yield from probe.examine()
    except (BotoCoreError, ClientError) as error:
        yield _unproven(
            f"The store said: {error}.", "Give the credentials the rights to read and try the lock."
        )


def _unproven(why: str, remedy: str) -> Finding:
    return Finding(
        "lock-unproven", "Whether the store locks its files is not known.", why, remedy, problem=False
    )


class Probe:
    """Tries the lock of one bucket. `client` is boto3's for S3."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.client, self.bucket = client, bucket
        self.at = {"Bucket": bucket, "Key": f"{prefix}/{PROBE}" if prefix else PROBE}

    def examine(self) -> Iterator[Finding]:
        """The bucket's promise, what it did to the probe, and what it refuses."""
        default = self._promise()
        if default is None:
            why = "Whoever has the store's credentials can delete files."
            remedy = (
                "Make it with object lock and a default retention, or keep backups where those do not reach."
            )
            yield Finding("lock-absent", "The bucket does not lock its files.", why, remedy, problem=False)
            return
        version, mode, until = self._locked()
        if not version or until is None or until <= clock.system_now():
            why = f"It promises {default}, and the probe's own retention reads {until or 'nothing'}."
            yield Finding(
                "lock-not-applied", "The bucket does not apply the lock that it promises.", why, ANOTHER
            )
            return
        yield from self._tried(version, mode, until)

    def _promise(self) -> str | None:
        """The default retention as the bucket tells it."""
        from botocore.exceptions import ClientError

        try:
            found = self.client.get_object_lock_configuration(Bucket=self.bucket)["ObjectLockConfiguration"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
                raise
            return None
        rule = found.get("Rule", {}).get("DefaultRetention")
        return f"{rule['Mode']} for {rule.get('Days') or rule.get('Years')}" if rule else None

    def _locked(self) -> tuple[str, str, datetime | None]:
        """Version, mode and end of the probe's lock; a probe that is still locked serves again."""
        found = self._head()
        if not found or not found[2] or found[2] <= clock.system_now():
            self.client.put_object(
                **self.at, Body=b"Tickmark's doctor tries the object lock on this object.\n"
            )
            found = self._head()
        return found or ("", "", None)

    def _head(self) -> tuple[str, str, datetime | None] | None:
        from botocore.exceptions import ClientError

        try:
            said = self.client.head_object(**self.at)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None
        version = said.get("VersionId", "")
        return version, said.get("ObjectLockMode", ""), said.get("ObjectLockRetainUntilDate")

    def _tried(self, version: str, mode: str, until: datetime) -> Iterator[Finding]:
        broken = []
        if not self._refuses("put_object_retention", VersionId=version, Retention=self._shorter(mode, until)):
            broken.append("it let the lock's end be set earlier")
        if not self._refuses("delete_object", VersionId=version):
            broken.append("it deleted a version that is locked")
        if broken:
            why = f"The probe is locked until {until:%Y-%m-%d} ({mode}), and yet {' and '.join(broken)}."
            yield Finding("lock-not-enforced", "The bucket's lock is a word without force.", why, ANOTHER)
            return
        why = "It refused to delete the probe, and to shorten its lock."
        weak = "Whoever may bypass governance can still delete: give that right to nobody, or use compliance."
        remedy = weak if mode == "GOVERNANCE" else "Nothing to do."
        yield Finding(
            "lock-holds", f"The bucket's lock held: {mode} until {until:%Y-%m-%d}.", why, remedy, False
        )

    def _shorter(self, mode: str, until: datetime) -> dict[str, Any]:
        now = clock.system_now()
        return {"Mode": mode, "RetainUntilDate": now + (until - now) / 2 + timedelta(seconds=1)}

    def _refuses(self, call: str, **given: Any) -> bool:
        """Whether the store says no; an answer that is neither yes nor no is an error."""
        from botocore.exceptions import ClientError

        try:
            getattr(self.client, call)(**self.at, **given)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 409):
                return True
            raise
        return False
