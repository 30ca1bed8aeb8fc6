"""An account in which every report finds something: each category adds what its reports need."""

from __future__ import annotations

from iaminsights.sandbox import Account

from . import told_groups, told_keys, told_machines, told_overviews, told_people, told_policies
from .report_rows import GONE


def told_account(name: str = "Acme") -> Account:
    """An account in which every report finds something."""
    account = Account(name)
    account.user("Nils Nobody")
    team = account.group("Team", members=[account.user("Ada Lovelace")])
    archive = account.instance("archive", "cloud-object-storage", region="global")
    account.instance("forgotten", "kms")
    account.policy(team, ["Editor"], region="global")
    account.policy(team, ["Writer"], service="logs")
    account.policy(team, ["Writer"], service="kms", instance=GONE)
    account.policy(team, ["Manager"], instance=archive)
    account.policy(team, ["Administrator"], service="iam-groups")
    account.policy(account.group("Admins"), ["Administrator"], service_type="platform_service")
    account.authorization(["Reader"], {"serviceName": "kms"}, {"serviceName": "logs"})
    for category in (
        told_keys,
        told_people,
        told_machines,
        told_groups,
        told_policies,
        told_overviews,
    ):
        category.tell(account)
    return account
