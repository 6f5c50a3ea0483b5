"""What tells pod templates apart, and whose a thing is."""

from __future__ import annotations

import hashlib
import json

from tests.runbooks.probes.kubernetes_api import Object


def hashed(template: Object) -> str:
    """Return what a template is labelled with."""
    encoded = json.dumps(template, sort_keys=True).encode()
    return hashlib.sha256(encoded).hexdigest()[:10]


def owned_by(owner: Object) -> Object:
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
