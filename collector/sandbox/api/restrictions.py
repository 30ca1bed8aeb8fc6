"""Context-based restrictions: network zones, the rules that name them, and their limits."""

from .exchange import Listing
from .rows import find, sort_rows

_PREVIEW = 3
_ZONE_ORDER = ("name", "description", "created_at", "last_modified_at")
_RULE_ORDER = ("description", "created_at", "last_modified_at", "enforcement_mode")

# Filter of the rules: the attribute of a resource that it looks at.
_FILTERS = {
    "region": "region",
    "resource": "resource",
    "resource_type": "resourceType",
    "service_instance": "serviceInstance",
    "service_name": "serviceName",
    "service_type": "serviceType",
    "service_group_id": "service_group_id",
}


def zones(request):
    """The network zones, of whose addresses a listing shows three."""
    request.require_account()
    name = request.query.get("name")
    rows = [zone for zone in request.account.zones if name in (None, "", zone.get("name"))]
    return Listing(sort_rows(rows, request.query.get("sort"), _ZONE_ORDER), zone_item)


def zone_item(request, row):
    """A zone as the listing shows it."""
    kept = {k: v for k, v in row.items() if k not in ("account_id", "addresses", "excluded")}
    return {
        **_linked(request, "zones", kept),
        "addresses_preview": row.get("addresses", [])[:_PREVIEW],
    }


def zone(request):
    """One zone with all of its addresses."""
    return _linked(request, "zones", find(request.account.zones, request.variables["id"], "id"))


def cbr_rules(request):
    """The rules, or those for one service, zone, mode and so on."""
    request.require_account()
    query = request.query
    zone_id, mode = query.get("zone_id"), query.get("enforcement_mode")
    wanted = {_FILTERS[name]: query[name] for name in _FILTERS if query.get(name)}
    rows = [
        rule
        for rule in request.account.cbr_rules
        if mode in (None, "", rule.get("enforcement_mode"))
        and (not wanted or _is_about(rule, wanted))
        and (not zone_id or zone_id in _zones_of(rule))
    ]
    return Listing(sort_rows(rows, query.get("sort"), _RULE_ORDER), cbr_rule_item)


def cbr_rule_item(request, row):
    """A rule as sent."""
    return _linked(request, "rules", row)


def cbr_rule(request):
    """One rule."""
    return cbr_rule_item(request, find(request.account.cbr_rules, request.variables["id"], "id"))


def cbr_settings(request):
    """How many zones and rules there are and can be."""
    account_id = request.variables["account_id"]
    request.check_account(account_id)
    account = request.account
    tagged = sum("tags" in row for rule in account.cbr_rules for row in rule["resources"])
    return {
        "id": account_id,
        "crn": f"crn:v1:bluemix:public:context-based-restrictions:global:a/{account_id}:::",
        "rule_count_limit": 4_020,
        "zone_count_limit": 500,
        "tags_rule_count_limit": 500,
        "current_rule_count": len(account.cbr_rules),
        "current_zone_count": len(account.zones),
        "current_tags_rule_count": tagged,
        "href": request.link(f"/v1/account_settings/{account_id}"),
    }


def _linked(request, kind, row):
    return {**row, "href": request.link(f"/v1/{kind}/{row.get('id')}")}


def _is_about(rule, wanted):
    attributes = {a["name"]: a["value"] for row in rule["resources"] for a in row["attributes"]}
    return wanted.items() <= attributes.items()


def _zones_of(rule):
    return {
        zone_id
        for context in rule["contexts"]
        for attribute in context["attributes"]
        if attribute["name"] == "networkZoneId"
        for zone_id in attribute["value"].split(",")
    }
