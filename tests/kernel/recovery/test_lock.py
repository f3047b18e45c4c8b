"""A bucket's lock is not believed: it is read back and tried. A server that enforces nothing is found out."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
import httpx
import pytest
import time_machine
from botocore.exceptions import ClientError
from botocore.stub import ANY, Stubber
from django.conf import settings

from tests import ceph, servers
from tests.deeds import writing
from tickmark.kernel import files
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.seal import seal
from tickmark.kernel.recovery.archive import Archive
from tickmark.kernel.recovery.backup import back_up
from tickmark.kernel.recovery.doctor import examine_home
from tickmark.kernel.recovery.doctor.locked import Probe, examine_lock
from tickmark.kernel.recovery.restore import restore


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """moto's server: it speaks S3 and says yes."""
    port = servers.free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _answering(server, address)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def _answering(server: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            httpx.get(f"{address}/moto-api/", timeout=2)
        except httpx.HTTPError:
            continue
        return
    raise RuntimeError("moto's server did not answer.")


@pytest.fixture(scope="module")
def enforcing() -> Iterator[str]:
    """Ceph's gateway: it speaks S3 and means it."""
    with servers.parts(), ceph.gateway() as address:
        yield address


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of moto's, and the environment that both boto3 and the file store read."""
    return client_of(endpoint, "test", "test", monkeypatch)


@pytest.fixture
def strict(enforcing: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same of Ceph's."""
    return client_of(enforcing, ceph.NAME, ceph.SECRET, monkeypatch)


def client_of(address: str, name: str, secret: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    given = {
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": name,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_REGION": "us-east-1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the first credentials that it finds
    files._open_store.cache_clear()
    return boto3.client("s3", region_name="us-east-1")


def bucket(s3: Any, name: str, mode: str | None = None, locked: bool = True) -> str:
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
    if mode:
        rule = {"DefaultRetention": {"Mode": mode, "Days": 30}}
        s3.put_object_lock_configuration(
            Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
        )
    return name


def test_a_server_that_enforces_nothing_is_found_out(s3: Any, settings: Any) -> None:
    settings.FILES_URL = f"s3://{bucket(s3, 'locked', 'COMPLIANCE')}/files"
    (finding,) = examine_lock()
    assert (finding.kind, finding.problem) == ("lock-not-enforced", True)
    assert "it let the lock's end be set earlier" in finding.why


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["COMPLIANCE", "GOVERNANCE"])
def test_a_server_that_enforces_is_proven_by_what_it_refused(strict: Any, settings: Any, mode: str) -> None:
    name = bucket(strict, f"held-{mode.lower()}", mode)
    settings.FILES_URL = f"s3://{name}/files"
    for _ in range(2):  # the second time on the probe that is there
        (finding,) = examine_lock()
        assert (finding.kind, finding.problem) == ("lock-holds", False)
        assert "refused to delete the probe" in finding.why
    assert strict.list_objects_v2(Bucket=name)["KeyCount"] == 1


@pytest.mark.slow
def test_files_in_a_bucket_that_locks_outlast_whoever_has_its_key(
    strict: Any, enforcing: str, home: Any, settings: Any
) -> None:
    """A thief with the store's credentials can hide a file behind a marker, and the doctor names it; not its bytes."""
    now = parsedate_to_datetime(httpx.get(enforcing).headers["date"])  # the gateway refuses who is days ahead
    with home("held"), time_machine.travel(now):
        name = bucket(strict, "outlasting", "COMPLIANCE")
        settings.FILES_URL = f"s3://{name}/files"
        with writing() as deed:
            deed.cite(files.keep(b"what was seen").sha256)
        (digest,) = Entry.objects.order_by("pk").first().files
        seal()
        at = {"Bucket": name, "Key": f"files/{digest[:2]}/{digest}"}
        (version,) = strict.list_object_versions(Bucket=name, Prefix=at["Key"])["Versions"]
        with pytest.raises(ClientError, match="AccessDenied"):
            strict.delete_object(**at, VersionId=version["VersionId"])
        assert [one.kind for one in examine_home()] == ["lock-holds"]
        strict.delete_object(**at)
        found = {one.kind: one.what for one in examine_home()}
        assert found.keys() == {"file-missing", "lock-holds"}
        assert digest in found["file-missing"]
        again = strict.get_object(**at, VersionId=version["VersionId"])["Body"].read()
        assert again == b"what was seen"
        assert files.keep(again).sha256 == digest  # sent again, it is there again
        assert [one.kind for one in examine_home()] == ["lock-holds"]


def test_a_bucket_without_a_lock_or_without_a_default_is_told(s3: Any, settings: Any) -> None:
    for name, locked in (("plain", False), ("no-default", True)):
        settings.FILES_URL = f"s3://{bucket(s3, name, locked=locked)}"
        assert [(one.kind, one.problem) for one in examine_lock()] == [("lock-absent", False)]
        assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 0


def test_a_store_that_cannot_be_asked_is_unproven_and_never_sound(
    s3: Any, settings: Any, monkeypatch: Any
) -> None:
    for url in ("gs://bucket/files", "s3://no-such-bucket"):
        settings.FILES_URL = url
        assert [(one.kind, one.problem) for one in examine_lock()] == [("lock-unproven", False)]
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert [one.remedy for one in examine_lock()] == ["Install it: pip install 'tickmark[s3]'"]


UNTIL = datetime(2099, 1, 1, tzinfo=UTC)


def stubbed(answers: list[tuple[str, Any]]) -> list[str]:
    """What the probe finds at a server that answers so; an answer of text is an error code."""
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        for call, answer in answers:
            if isinstance(answer, str):
                stub.add_client_error(call, answer, http_status_code=404 if answer == "404" else 403)
            else:
                stub.add_response(
                    call,
                    answer,
                    {"Bucket": "b", **({"Key": ANY} if "object_lock" not in call else {})} | _given(call),
                )
        found = list(Probe(client, "b", "p").examine())
        stub.assert_no_pending_responses()
    return [finding.kind for finding in found]


def _given(call: str) -> dict[str, Any]:
    return {
        "put_object": {"Body": ANY},
        "delete_object": {"VersionId": "v"},
        "put_object_retention": {"VersionId": "v", "Retention": ANY},
    }.get(call, {})


def promise(mode: str) -> tuple[str, Any]:
    rule = {"DefaultRetention": {"Mode": mode, "Days": 30}}
    return "get_object_lock_configuration", {
        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": rule}
    }


def head(**said: Any) -> tuple[str, Any]:
    return "head_object", {
        "VersionId": "v",
        "ObjectLockMode": "COMPLIANCE",
        "ObjectLockRetainUntilDate": UNTIL,
    } | said


def test_what_the_answers_of_a_server_mean() -> None:
    refused = [("put_object_retention", "AccessDenied"), ("delete_object", "AccessDenied")]
    fresh = [("head_object", "404"), ("put_object", {"VersionId": "v"})]
    assert stubbed([promise("COMPLIANCE"), *fresh, head(), *refused]) == ["lock-holds"]
    assert stubbed([promise("GOVERNANCE"), head(ObjectLockMode="GOVERNANCE"), *refused]) == ["lock-holds"]
    unlocked = ("head_object", {"VersionId": "v"})
    assert stubbed([promise("COMPLIANCE"), *fresh, unlocked]) == ["lock-not-applied"]
    old = head(ObjectLockRetainUntilDate=datetime(2001, 1, 1, tzinfo=UTC))
    assert stubbed([promise("COMPLIANCE"), old, ("put_object", {"VersionId": "v"}), old]) == [
        "lock-not-applied"
    ]
    deleted = [("put_object_retention", "AccessDenied"), ("delete_object", {})]
    assert stubbed([promise("COMPLIANCE"), head(), *deleted]) == ["lock-not-enforced"]
    shortened = [("put_object_retention", {}), ("delete_object", "AccessDenied")]
    assert stubbed([promise("COMPLIANCE"), head(), *shortened]) == ["lock-not-enforced"]


def test_a_server_that_is_down_is_no_proof() -> None:
    with pytest.raises(ClientError):
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        with Stubber(client) as stub:
            stub.add_client_error("get_object_lock_configuration", "SlowDown", http_status_code=503)
            list(Probe(client, "b", "").examine())


@pytest.mark.slow
def test_files_move_from_a_folder_to_a_bucket_and_back(s3: Any, home: Any, tmp_path: Any) -> None:
    with home("old") as old:
        with writing() as deed:
            deed.cite(files.keep(b"a file").sha256)
            deed.cite(files.keep(b"", empty=True).sha256)
        before = seal()
        archive = back_up(tmp_path / "moving", move=True)
    with home("new"):
        settings.FILES_URL = f"s3://{bucket(s3, 'moved')}/files"
        restore(archive, secrets=old / "secrets")
        kept = {one.sha256 for one in files.listing()}
        assert kept == set(Entry.objects.order_by("pk").first().files)
        assert [one.kind for one in examine_home()] == ["lock-absent"]
        again = back_up(tmp_path / "again")
    assert {digest for digest, _ in Archive.open(again.path).kept()} == kept
    assert again.about["origin"] == archive.about["origin"]
    assert before.size < archive.about["checkpoint"]["size"] < again.about["checkpoint"]["size"]


def test_a_file_that_a_bucket_lost_or_changed_is_found(s3: Any, home: Any) -> None:
    with home("one"):
        settings.FILES_URL = f"s3://{bucket(s3, 'lossy', locked=False)}/files"
        with writing() as deed:
            lost, changed = files.keep(b"lost").sha256, files.keep(b"changed").sha256
            deed.cite(lost)
            deed.cite(changed)
        orphan = files.keep(b"of no use").sha256
        seal()
        s3.delete_object(Bucket="lossy", Key=f"files/{lost[:2]}/{lost}")
        s3.put_object(Bucket="lossy", Key=f"files/{changed[:2]}/{changed}", Body=b"other")
        found = {one.kind: one.what for one in examine_home()}
    assert found.keys() == {"file-missing", "file-changed", "file-orphan", "lock-absent"}
    assert (
        lost in found["file-missing"],
        changed in found["file-changed"],
        orphan in found["file-orphan"],
    ) == (True,) * 3
