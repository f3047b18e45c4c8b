"""A bucket on loopback: moto's S3, which keeps what it is given in memory and enforces no lock."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import obstore
from obstore.store import S3Store

from tests.servers import free_port

NAME = "tickmark"


@contextmanager
def bucket() -> Iterator[int]:
    """The port of a server that has the bucket NAME."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        here = f"http://127.0.0.1:{port}"
        httpx.post(
            f"{here}/moto-api/reset", timeout=60
        ).raise_for_status()  # all of a process share what it keeps
        httpx.put(f"{here}/{NAME}", timeout=60).raise_for_status()
        yield int(port)
    finally:
        server.stop()


def read(port: int, key: str) -> bytes | None:
    """An object past the program, or None; signed, because the bucket is nobody else's."""
    place = S3Store(
        NAME, endpoint=f"http://127.0.0.1:{port}", access_key_id="test", secret_access_key="test", region="us-east-1",
        client_options={"allow_http": True},
    )  # fmt: skip
    try:
        return bytes(obstore.get(place, key).bytes())
    except FileNotFoundError:
        return None


def environment(port: int) -> dict[str, str]:
    """The usual variables with which a bucket is reached."""
    return {
        "TICKMARK_FILES": f"s3://{NAME}",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
