"""The sample account: one fictional company with the stories a security engineer meets.

Every finding that the project reports on has at least one case here, and beside it a case that
only looks like one. No policy reaches all services of the whole account, for then there would
be no service instance without a policy: whoever has access to everything has it resource group
by resource group, and the newest group was forgotten.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from ..account.account import Account
from .company import found_company
from .keys import KEYS
from .machines import MACHINES
from .network import NETWORK
from .people import PEOPLE, last_weeks_tidying, the_intern
from .teams import TEAMS, access_that_grew, the_duty_officer
from .trust import TRUST

LATEST = (the_intern, last_weeks_tidying, access_that_grew, the_duty_officer)
EARLIER_BY = timedelta(weeks=3)  # so long before the company as it is was the earlier one


def sample_account(left_out: Collection[str] = ()) -> Account:
    """The company with all its stories; the same, down to each identifier, on every call."""
    company = found_company()
    for story in (*TEAMS, *PEOPLE, *MACHINES, *TRUST, *KEYS, *NETWORK):
        if story not in left_out:
            story(company)
    return company.account


def earlier_sample_account() -> Account:
    """The company before its latest stories: collected first, it gives the others a history."""
    return sample_account(left_out=LATEST)
