"""A fictional IBM Cloud account, built a line at a time.

    account = Account("Acme", owner="Olga Owner")
    ada = account.user("Ada Lovelace")
    team = account.group("Developers", members=[ada, "IBMid-GONE123"])
    archive = account.instance("archive", service="cloud-object-storage", region="global")
    account.policy(team, roles=["Viewer", "Reader"], instance=archive)

Every method makes one object exactly as the API sends it, keeps it, and returns it as a dict.
What a call does not say gets a plausible value that depends on names alone. Three rules hold
throughout:

- Extra keywords are fields of the API object: they add to it or override it, and
  `field=ABSENT` sends the object without that field.
- A time may be given as a bare day (`created_at="2021-03-05"`).
- Wherever an object is expected its identifier will do, so that things can be referred to
  that do not exist any more.

Links (`href`) are not kept: they depend on where the account is served.
"""

from .enterprise import EnterpriseObjects
from .identities import IdentityObjects
from .keys import KeyObjects
from .naming import ABSENT, MILLISECONDS, api_object, given, hex_of, slug, uuid_of
from .policies import PolicyObjects
from .resources import ResourceObjects
from .restrictions import RestrictionObjects
from .settings import SettingsObjects
from .tags import TAG_KINDS, TagObjects

__all__ = ["ABSENT", "Account"]


class Account(
    IdentityObjects,
    KeyObjects,
    SettingsObjects,
    PolicyObjects,
    ResourceObjects,
    TagObjects,
    RestrictionObjects,
    EnterpriseObjects,
):
    """One account with everything in it.

    `fields` belong to the object of `GET /v4/accounts/{id}`. The owner becomes a user of the
    account. With `public_access` the group Public Access exists, as it does in most accounts.
    """

    def __init__(self, name, owner="Olga Owner", public_access=True, mail_domain=None, **fields):
        self.name = name
        self.account_id = given(fields, "id", hex_of("account", name))
        #: The key that the token service takes; keys in the listing come from `add_api_key`.
        self.api_key = f"sandbox-{hex_of('api key', self.account_id, length=36)}"
        self.mail_domain = mail_domain or f"{slug(name)}.example.org"

        self.identities = {}  # users, service IDs and profiles by IAM ID
        self.users = []
        self.service_ids, self.service_id_groups = [], []
        self.profiles = []
        self.links, self.claim_rules, self.profile_identities = {}, {}, {}  # by profile id
        self.groups = []
        self.members, self.group_rules = {}, {}  # by group id
        self.policies = []  # in the shape they were made in, v1 or v2
        self.custom_roles = []
        self.resource_groups, self.unlisted_resource_groups = [], set()
        self.instances, self.reclamations = [], []
        self.api_keys, self.resource_keys = [], []
        self.tags = {}  # by CRN, then by kind
        self.tag_names = {kind: [] for kind in TAG_KINDS}
        self.searchables = []
        self.zones, self.cbr_rules = [], []
        self.enterprises, self.account_groups, self.enterprise_accounts = [], [], []
        self._begin_settings()
        self._seeds = {}

        self.owner = self.user(owner, added_on="2019-04-02")
        self.details = self._details(fields)
        #: The identity that the account's API key and token belong to; assign another at will.
        self.caller = self.owner
        self.public_access_enabled = public_access
        if public_access:
            self.public_group()

    def _details(self, fields):
        defaults = {
            "name": self.name,
            "id": self.account_id,
            "owner": uuid_of(self.account_id, "owner"),
            "owner_userid": self.owner["user_id"],
            "owner_iamid": self.owner["iam_id"],
            "type": "PAYG",
            "status": "ACTIVE",
            "linked_softlayer_account": str(1_000_000 + len(self.name)),
            "team_directory_enabled": True,
            "traits": {"eu_supported": False, "poc": False, "hippa": False},
        }
        return api_object(defaults, fields, MILLISECONDS, self.account_id)

    def _seed(self, *parts):
        """What an identifier is made from: `parts`, numbered where they occur again."""
        count = self._seeds[parts] = self._seeds.get(parts, 0) + 1
        return (self.account_id, *parts) if count == 1 else (self.account_id, *parts, count)
