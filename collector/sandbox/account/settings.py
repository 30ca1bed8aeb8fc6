"""The part of an account that holds its settings, and what its identities have done lately."""

from .naming import ABSENT, MINUTES, hex_of, identifier, moment

_IDENTITY_DEFAULTS = {
    "restrict_create_service_id": "NOT_SET",
    "restrict_create_platform_apikey": "NOT_SET",
    "restrict_user_list_visibility": "NOT_RESTRICTED",
    "allowed_ip_addresses": "",
    "mfa": "NONE",
    "session_expiration_in_seconds": "86400",
    "session_invalidation_in_seconds": "7200",
    "max_sessions_per_identity": "NOT_SET",
    "system_access_token_expiration_in_seconds": "3600",
    "system_refresh_token_expiration_in_seconds": "259200",
    "restrict_user_domains": [],
}


class SettingsObjects:
    """Methods of Account that change settings and say who logged in when, and how."""

    def _begin_settings(self):
        self.identity_options = {
            "account_id": self.account_id,
            "entity_tag": f"1-{hex_of('settings', self.account_id)}",
            **_IDENTITY_DEFAULTS,
            "user_mfa": [],
        }
        self.settings_templates = []
        self.external_access = {
            kind: {"state": "enabled", "external_allowed_accounts": []}
            for kind in ("user", "service_id", "service")
        }
        self.user_options = {}  # by IAM ID
        self.mfa_states, self.logins = {}, {}  # by IAM ID; API keys by their id
        #: The day on which reports are made; None for the clock's.
        self.today = None
        #: Whether reports had been made before the sandbox was asked for one.
        self.older_reports = False

    def identity_settings(self, **fields):
        """Settings of `GET /v1/accounts/{id}/settings/identity`; `user_mfa` adds to `mfa(…)`."""
        self.identity_options["user_mfa"] += fields.pop("user_mfa", [])
        self.identity_options.update(fields)
        for name in [name for name, value in fields.items() if value is ABSENT]:
            del self.identity_options[name]
        return self.identity_options

    def settings_template(self, name, **fields):
        """Settings that the account's enterprise assigned to it (`effective_settings`)."""
        template = {
            "template_id": f"AccountSettingsTemplate-{hex_of('template', name)}",
            "template_version": "1",
            "template_name": name,
            **fields,
        }
        self.settings_templates.append(template)
        return template

    def access_settings(self, **states):
        """What identities of other accounts may do (`…/settings/access_management`).

        `user`, `service_id` and `service` are each a state ("enabled", "monitor", "limited"),
        or a state and the ids of the accounts allowed.
        """
        for kind, state in states.items():
            state, allowed = (state, ()) if isinstance(state, str) else state
            self.external_access[kind] = {
                "state": state,
                "external_allowed_accounts": list(allowed),
            }
        return self.external_access

    def user_settings(self, user, **fields):
        """Settings of one user (`GET /v2/accounts/{id}/users/{iam_id}/settings`)."""
        options = self.user_options.setdefault(identifier(user), {})
        options.update(fields)
        return options

    def mfa(self, user, level=None, complies=True, **fields):
        """How a user stands with MFA; a `level` is theirs alone, and in the settings as well.

        Whoever is not mentioned complies with the account's setting. `fields` are members of
        the user in the report.
        """
        iam_id = identifier(user)
        if level is not None:
            self.identity_options["user_mfa"].append({"iam_id": iam_id, "mfa": level})
        self.mfa_states[iam_id] = {"complies": complies, "fields": fields}
        return self.mfa_states[iam_id]

    def last_login(self, thing, day, count=1):
        """When an identity or API key last authenticated: a day or a moment; None: never.

        Whatever is not mentioned did so an hour ago.
        """
        place = login_key(thing)
        when = f"{day[:16]}+0000" if day and "T" in day else day and moment(day, MINUTES, place)
        self.logins[place] = [when, count if day else 0]
        return self.logins[place]


def login_key(thing):
    """What `logins` is kept by: the id of an API key, the IAM ID of anything else."""
    if isinstance(thing, dict) and str(thing.get("id", "")).startswith("ApiKey-"):
        return thing["id"]
    return identifier(thing)
