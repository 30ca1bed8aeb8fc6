"""Bearer tokens: what the token service gives out and what the other services accept."""

import base64
import json

from ..account.identities import member_type
from ..account.naming import hex_of
from .errors import ApiError

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


def make_token(account, issuer, issued, lifetime):
    """A JWT for the caller of `account`, valid for `lifetime` seconds from `issued` on.

    It decodes as a real one does. Nobody can check its signature, and nobody tries.
    """
    header = {"kid": "20260101", "typ": "JWT", "alg": "RS256"}
    claims = {
        **_identity_claims(account.caller),
        "account": {"valid": True, "bss": account.account_id},
        "iat": issued,
        "exp": issued + lifetime,
        "iss": f"{issuer}/identity",
        "grant_type": GRANT,
        "scope": "ibm openid",
        "client_id": "default",
        "acr": 1,
        "amr": ["pwd"],
        "jti": hex_of("token", account.account_id, issued),
    }
    signature = bytes.fromhex(hex_of("signature", json.dumps(claims), length=64)) * 8
    return ".".join((_encode(_json(header)), _encode(_json(claims)), _encode(signature)))


def read_token(authorization, accounts, now, issued_from=0):
    """(account, IAM ID) behind an Authorization header, the account being one of `accounts`.

    Raises ApiError if the header is missing or its token garbled, expired, issued before
    `issued_from`, or of no account here.
    """
    scheme, _, text = (authorization or "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise ValueError("no bearer token")
        claims = _claims(text)
        if claims["exp"] <= now or claims["iat"] < issued_from:
            raise ApiError("invalid_token", "Token is expired")
        by_id = {account.account_id: account for account in accounts}
        return by_id[claims["account"]["bss"]], claims["iam_id"]
    except (ValueError, KeyError, TypeError):
        raise ApiError("invalid_token") from None


def token(request):
    """`POST /identity/token`: a token for an account's API key."""
    form = request.form
    if form.get("grant_type") != GRANT:
        raise ApiError(
            "missing_parameter", "Property missing, empty or not supported: 'grant_type'."
        )
    if not form.get("apikey"):
        raise ApiError("missing_parameter", "Property missing or empty: 'apikey'.")
    for account in request.accounts:
        if account.api_key == form["apikey"]:
            lifetime = request.token_lifetime
            return {
                "access_token": make_token(account, request.base, request.now, lifetime),
                "refresh_token": "not_supported",
                "token_type": "Bearer",
                "expires_in": lifetime,
                "expiration": request.now + lifetime,
                "scope": "ibm openid",
            }
    raise ApiError("bad_parameter", "Provided API key could not be found.", code="BXNIM0415E")


def _identity_claims(who):
    """The claims that say who it is; users have more of them than service IDs and profiles."""
    iam_id = who["iam_id"]
    kind = member_type(iam_id)
    if kind != "user":
        claims = {
            "iam_id": iam_id,
            "id": iam_id,
            "realmid": "iam",
            "identifier": who["id"],
            "name": who["name"],
            "sub": who["id"],
            "sub_type": "ServiceId" if kind == "service" else "Profile",
        }
    else:
        claims = {
            "iam_id": iam_id,
            "id": iam_id,
            "realmid": who["realm"],
            "identifier": iam_id.partition("-")[2],
            "given_name": who["firstname"],
            "family_name": who["lastname"],
            "name": f"{who['firstname']} {who['lastname']}".strip(),
            "email": who.get("email", ""),
            "sub": who["user_id"],
        }
    authn = {key: claims[key] for key in ("sub", "iam_id", "name", "sub_type") if key in claims}
    return {**claims, "authn": authn}


def _json(value):
    return json.dumps(value, ensure_ascii=False).encode()


def _encode(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _claims(text):
    """The claims of a JWT; ValueError if it is none."""
    header, claims, _signature = text.split(".")
    json.loads(_decode(header))
    return json.loads(_decode(claims))


def _decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
