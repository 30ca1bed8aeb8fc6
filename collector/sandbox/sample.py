"""The sample account: one fictional company with the stories a security engineer meets.

Every finding that the project reports on has at least one case here, and beside it a case that
only looks like one. No policy reaches all services of the whole account, for then there would
be no service instance without a policy: whoever has access to everything has it resource group
by resource group, and the newest group was forgotten.
"""

from .sample_company import found_company
from .sample_keys import KEYS
from .sample_machines import MACHINES
from .sample_network import NETWORK
from .sample_people import PEOPLE
from .sample_teams import TEAMS
from .sample_trust import TRUST


def sample_account():
    """The company with all its stories; the same, down to each identifier, on every call."""
    company = found_company()
    for story in (*TEAMS, *PEOPLE, *MACHINES, *TRUST, *KEYS, *NETWORK):
        story(company)
    return company.account
