"""IAM Identity's settings of an account, and its limits."""

from collections import Counter

from .errors import response_context
from .exchange import Reply

_NOT_EFFECTIVE = ("account_id", "entity_tag", "restrict_user_domains")


def identity_settings(request):
    """The settings that the account made itself."""
    settings = _settings(request)
    body = {"context": response_context(request), **settings}
    return Reply(body, {"ETag": settings.get("entity_tag", "")})


def effective_identity_settings(request):
    """The settings that hold: the account's own under those of its enterprise's templates.

    By the model of IBM's SDK the domains that may be invited are not among them.
    """
    settings = _settings(request)
    own = {key: value for key, value in settings.items() if key not in _NOT_EFFECTIVE}
    templates = request.account.settings_templates
    effective = dict(own)
    for template in templates:
        effective |= {key: value for key, value in template.items() if key in own}
    return {
        "context": response_context(request),
        "account_id": request.account.account_id,
        "effective": effective,
        "account": settings,
        "assigned_templates": templates,
    }


def identity_limits(request):
    """The limits of the account; how much is used of those that the request names."""
    request.check_account(request.variables["account_id"])
    account, query = request.account, request.query
    robots, keys = account.service_ids, account.api_keys
    links, rules = _trust(account.links, None), _trust(account.claim_rules, "Profile-SAML")
    compute_rules = _trust(account.claim_rules, "Profile-CR")
    of_groups = {group_id: len(rows) for group_id, rows in account.group_rules.items()}

    def plain(name, limit, count):
        return {name: {"limit": limit} | ({"count": count} if request.flag(name) else {})}

    def each(name, limit, members, key, counts):
        wanted = [one for one in query.get(name, "").split(",") if one]
        rows = [{key: one, "count": counts.get(one, 0)} for one in wanted]
        return {name: {"limit": limit} | ({members: rows} if rows else {})}

    in_group = Counter(robot.get("group_id") for robot in robots)
    of_identity = Counter(key.get("iam_id") for key in keys)
    return {
        **plain("serviceid_groups", 100, len(account.service_id_groups)),
        **each("serviceids_per_group", 2_000, "serviceid_groups", "group_id", in_group),
        **plain("profiles", 2_000, len(account.profiles)),
        **each("apikeys_per_identity", 20, "identities", "iam_id", of_identity),
        **plain("idps", 5, 0),
        **each("claim_rules_per_group", 5, "access_groups", "access_group_id", of_groups),
        **each("claim_rules_per_profile", 20, "profiles", "profile_id", rules),
        **plain("cr_links", 40_000, sum(links.values())),
        **each("cr_links_per_profile", 20, "profiles", "profile_id", links),
        **plain("cr_rules", 40_000, sum(compute_rules.values())),
        **each("cr_rules_per_profile", 20, "profiles", "profile_id", compute_rules),
    }


def _trust(rows_of_profiles, kind):
    """How many rows (of a kind) each profile has."""
    return {
        profile_id: sum(kind in (None, row.get("type")) for row in rows)
        for profile_id, rows in rows_of_profiles.items()
    }


def _settings(request):
    request.check_account(request.variables["account_id"])
    settings = request.account.identity_options
    if request.flag("resolve_user_mfa"):
        rows = [{**row, **_names(request, row["iam_id"])} for row in settings["user_mfa"]]
        settings = {**settings, "user_mfa": rows}
    return settings


def _names(request, iam_id):
    """What `resolve_user_mfa` adds; the camel case is IBM's."""
    person = request.account.identities.get(iam_id, {})
    name = f"{person.get('firstname', '')} {person.get('lastname', '')}".strip()
    names = {"name": name, "userName": person.get("user_id"), "email": person.get("email")}
    return {key: value for key, value in names.items() if value}
