"""Secrets that machines show: 32 random bytes, of which a SHA-256 is kept.

Nobody can try so many, so a slow hash would protect nothing and be paid at each request.
"""

import hashlib
import secrets


def fresh():
    return secrets.token_urlsafe(32)


def fingerprint(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def shown_in(request):
    """The secret of an "Authorization: Bearer" header; '' for none."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
