"""Prints a presigned URL of an S3 server (AWS Signature Version 4).

usage: presign.py METHOD HOST:PORT /BUCKET/KEY SECONDS

The credentials are those that s3rver accepts.
"""

import hashlib
import hmac
import sys
from datetime import datetime, timezone
from urllib.parse import quote

KEY_ID = SECRET = "S3RVER"


def sign(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def presign(method: str, host: str, path: str, seconds: str) -> str:
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = [now[:8], "us-east-1", "s3", "aws4_request"]
    values = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "/".join([KEY_ID, *scope]),
        "X-Amz-Date": now,
        "X-Amz-Expires": seconds,
        "X-Amz-SignedHeaders": "host",
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(values.items()))
    request = "\n".join([method, path, query, f"host:{host}\n", "host", "UNSIGNED-PAYLOAD"])
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = ("AWS4" + SECRET).encode()
    for part in scope:
        key = sign(key, part)
    signature = sign(key, "\n".join(["AWS4-HMAC-SHA256", now, "/".join(scope), digest])).hex()
    return f"http://{host}{path}?{query}&X-Amz-Signature={signature}"


if __name__ == "__main__":
    print(presign(*sys.argv[1:]))
