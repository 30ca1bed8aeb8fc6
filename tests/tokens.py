"""Access tokens made for tests: the form is right, the signature is nobody's."""

from __future__ import annotations

import base64
import json
import time


def make_token(**claims: object) -> str:
    """A token that ends in an hour and is bound to an account, unless the claims differ."""
    now = int(time.time())
    payload = {
        "iam_id": "IBMid-66600A1B2C",
        "account": {"valid": True, "bss": "0aa1bb2cc3dd4ee5ff60718293a4b5c6"},
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    parts = ({"alg": "RS256", "kid": "test"}, payload)
    encoded = (base64.urlsafe_b64encode(json.dumps(p).encode()).decode() for p in parts)
    return ".".join(part.rstrip("=") for part in (*encoded, "c2lnbmF0dXJl"))
