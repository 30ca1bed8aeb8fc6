"""Account Management: the account of the token, and the others its identity is a member of."""

from .errors import ApiError
from .exchange import Listing


def v4_account(request):
    """One account in the documented form."""
    return _visible(request).details


def v1_accounts(request):
    """Every account that the token's identity is a member of, in the older form."""
    rows = [account for account in request.accounts if _is_visible(request, account)]
    return Listing(rows, v1_account_item)


def v1_account_item(request, account):
    """An account as `/v1/accounts` lists it."""
    details = account.details
    path = f"/v1/accounts/{account.account_id}"
    linked = details.get("linked_softlayer_account")
    owner_iam_id = details.get("owner_iamid", "")
    entity = {
        "name": details.get("name"),
        "state": details.get("status", "ACTIVE"),
        "sub_state": "",
        "primary_owner": {"ibmid": details.get("owner_userid", ""), "url": "/v1/users/1"},
        "owner_unique_id": owner_iam_id.partition("-")[2],
        "country_code": "DEU",
        "team_directory_enabled": details.get("team_directory_enabled", True),
        "traits": {"total": 1, "url": f"{path}/traits"},
        "subscriptions": {"total": 1, "url": f"{path}/subscriptions"},
    }
    if owner_iam_id:
        entity["owner_iam_id"] = owner_iam_id
    metadata = {
        "guid": account.account_id,
        "url": path,
        "created_at": "2019-04-02T08:00:00.000Z",
        "updated_at": "2026-01-10T12:00:00.000Z",
        "origin": "BSS",
        "linked_accounts": [{"origin": "IMS", "id": linked, "url": path}] if linked else [],
    }
    return {"metadata": metadata, "entity": entity}


def v1_account(request):
    """One account in the older form."""
    return v1_account_item(request, _visible(request))


def _visible(request):
    for account in request.accounts:
        if account.account_id == request.variables["account_id"] and _is_visible(request, account):
            return account
    raise ApiError("not_found", "The account does not exist or is not visible to you.")


def _is_visible(request, account):
    return account is request.account or request.caller in account.identities
