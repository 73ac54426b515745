# Copyright (c) 2026, the otc.dli authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An S3 server on this machine, moto's, in the place of OBS, which speaks S3 too."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

COLLECTIONS = Path(__file__).resolve().parents[2] / ".cache" / "collections"
REGION = "eu-de"
ACCESS_KEY = "obs-access-key"
SECRET_KEY = "obs-secret-key"


class LocalS3:
    """The server, and what is in it.

    :param url: where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        self._client = boto3.client("s3", endpoint_url=url, region_name=REGION, **keys)

    def add_bucket(self, bucket: str) -> None:
        """Make a bucket with nothing in it; one of that name goes."""
        if any(known["Name"] == bucket for known in self._client.list_buckets()["Buckets"]):
            for key in self.keys(bucket):
                self._client.delete_object(Bucket=bucket, Key=key)
            self._client.delete_bucket(Bucket=bucket)
        self._client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Return the names of the objects in a bucket, by the alphabet."""
        found = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [known["Key"] for known in found.get("Contents", ())]

    def read(self, bucket: str, key: str) -> bytes:
        return self._client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def write(self, bucket: str, key: str, content: bytes) -> None:
        self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def delete(self, bucket: str, key: str) -> None:
        self._client.delete_object(Bucket=bucket, Key=key)


@contextmanager
def local_s3() -> Iterator[LocalS3]:
    """Run the server on a free port of 127.0.0.1."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield LocalS3("http://{}:{}".format(*server.get_host_and_port()))
    finally:
        server.stop()
