"""What the SQLite file holds: every table and column, each with a sentence.

The declaration is read by the writer (to create the file), by the assembly of metadata.yml
(descriptions, labels, facets), by the README's diagram and by the tests. Tables stand in
dependency order: a foreign key points to a table further up.
"""

from __future__ import annotations

from dataclasses import replace

from .table import BOOLEAN, INTEGER, JSON, TIME, Column, Compared, Link, Named, Set, Table

APPLICATION_ID = 0x49414D69  # "IAMi" in the file's header: tells our files from other SQLite files
# IBM Cloud gives the Public Access group, which everybody is in, this ID in every account.
PUBLIC_ACCESS_GROUP = "AccessGroupId-PublicAccess"
# Raised when a table, fact or view changes that a released version has; kept in the header as
# user_version. Files of earlier versions are taken over: see takeover.py.
SCHEMA_VERSION = 6


def _iam_id(name: str, description: str, required: bool = False) -> Column:
    return Column(name, description, references="identities", required=required)


_ACCOUNT = Column("account_id", "The account it belongs to.", references="accounts", required=True)
# A person's row in users is one membership: people and accounts are many to many.
_MEMBER_OF = replace(_ACCOUNT, description="The account it is in.", relation="}|--|{")
_PART_OF = replace(_ACCOUNT, relation="}|--||")  # an account has one resource group at least
_NAME = Column("name", "Its name.")
_CRN = Column("crn", "Its cloud resource name.")
_DESCRIPTION = Column("description", "Its description, as entered by its owners.")
_CREATED_AT = Column("created_at", "When it was created.", TIME)
_CREATED_BY = _iam_id("created_by_id", "Who created it.")
_MODIFIED_AT = Column("last_modified_at", "When it was last changed.", TIME)
_MODIFIED_BY = _iam_id("last_modified_by_id", "Who last changed it.")
_LISTED = Column(
    "listed",
    "1 if IBM Cloud listed it; 0 if only other objects mention it, so it is deleted or hidden.",
    BOOLEAN,
    required=True,
)
_POLICY = Column("policy_id", "The policy.", references="policies", required=True)


_MODIFIED = Column("modified_at", "When it was last changed.", TIME)
_POSITION = Column("position", "Its place in the list, from 0.", INTEGER, required=True)
_INSTANCE = Column(
    "instance_id",
    "The service instance, if it is in the list of service instances.",
    references="resource_service_instances",
    weak=True,
)
_CONDITIONS = Column("conditions", "Claims, operators, and values; all of them must match.", JSON)
# One row for each account.
_SETTINGS_OF = replace(_ACCOUNT, description="The account.", relation="||--||")


def _id(description: str) -> Column:
    return Column("id", description, required=True)


_NOT_SET = "NOT_SET"  # of an account's settings: as if it were left out
_OF_POLICY = Set("policies", {"id": "policy_id"})
_OF_PROFILE = "(select p.iam_id from {side}trustedprofiles p where p.id = t.tp_id)"

TABLES: tuple[Table, ...] = (
    Table(
        "identities",
        "Every IAM ID found in any table: people, service IDs, trusted profiles, services, and "
        "unknown ones (deleted, or of another account).",
        (
            Column("iam_id", "The IAM ID.", required=True),
            Column(
                "kind", "user, service_id, trusted_profile, service, or unknown.", required=True
            ),
            Column("name", "Its name, or the IAM ID if no name is known.", required=True),
        ),
        key=("iam_id",),
        one="identity",
        label="name",
        facets=("kind",),
        indexes=(("name", "iam_id"),),
        link=Link("iam_id", ("identity", "user", "administrator")),
        is_derived=True,
        compared=None,
    ),
    Table(
        "accounts",
        "The IBM Cloud accounts collected into this file.",
        (
            Column("account_id", "The account's ID, 32 hexadecimal digits.", required=True),
            _NAME,
            _iam_id("owner", "IAM ID of the account owner, who has all access without a policy."),
            Column("owner_user_id", "The owner's login name."),
            Column("type", "Type of account, such as TRIAL, PAYG, or SUBSCRIPTION."),
            Column("state", "State, such as ACTIVE."),
            _CREATED_AT,
        ),
        key=("account_id",),
        one="account",
        label="name",
        link=Link("account_id"),
        compared=Compared(
            columns="name owner state type",
        ),
    ),
    Table(
        "users",
        "People: one row for each membership of a person in an account.",
        (
            _id("ID of the membership."),
            _iam_id("iam_id", "The person's IAM ID.", required=True),
            Column("user_id", "Login name, usually the email address."),
            _MEMBER_OF,
            Column("state", "ACTIVE, PENDING (invited), SUSPENDED, VPN_ONLY, or another state."),
            Column("sub_state", "Further detail of the state."),
            Column("email", "Email address."),
            Column("firstname", "First name."),
            Column("lastname", "Last name."),
            Column("realm", "Where the person logs in: IBMid, SL, or an identity provider."),
            Column("added_on", "When the person joined the account.", TIME),
            Column(
                "allowed_ip_addresses",
                "IP addresses that the person can log in from; empty: any.",
                is_list=True,
            ),
            Column("self_manage", "1 if the person can change these settings.", BOOLEAN),
        ),
        key=("id",),
        one="person",
        label="user_id",
        facets=("account_id", "state", "realm"),
        called="people",
        link=Link("membership_id"),
        identity=Named(
            "user",
            ("trim(coalesce(firstname, '') || ' ' || coalesce(lastname, ''))", "user_id"),
        ),
        compared=Compared(
            columns=(
                "user_id state email firstname lastname realm allowed_ip_addresses self_manage"
            ),
            name="user_id",
            iam_id="iam_id",
        ),
    ),
    Table(
        "serviceid_groups",
        "Service ID groups.",
        (
            _id("ID of the group of service IDs."),
            _NAME,
            _ACCOUNT,
            _DESCRIPTION,
            _CRN,
            _CREATED_AT,
            _iam_id("created_by", "Who created it."),
            _MODIFIED,
            _LISTED,
        ),
        key=("id",),
        one="service ID group",
        label="name",
        facets=("account_id",),
        called="service ID groups",
        compared=None,
    ),
    Table(
        "serviceids",
        "Service IDs: identities of programs, which log in with API keys.",
        (
            _id("ID of the service ID."),
            _iam_id("iam_id", "Its IAM ID.", required=True),
            _NAME,
            _ACCOUNT,
            _DESCRIPTION,
            Column("locked", "1 if it is locked against deletion and changes.", BOOLEAN, absent=0),
            _CREATED_AT,
            _MODIFIED,
            Column(
                "group_id", "The service ID group that it is in.", references="serviceid_groups"
            ),
            _CRN,
            Column("unique_instance_crns", "Service instances that it was created for.", JSON),
        ),
        key=("id",),
        one="service ID",
        label="name",
        facets=("account_id", "group_id", "locked"),
        called="service IDs",
        link=Link("serviceid_id", ("serviceid",)),
        identity=Named("service_id"),
        compared=Compared(
            columns="name description locked group_id",
            iam_id="iam_id",
        ),
    ),
    Table(
        "trustedprofiles",
        "Trusted profiles, which people, services, or compute resources can assume.",
        (
            _id("ID of the trusted profile."),
            _iam_id("iam_id", "Its IAM ID.", required=True),
            _NAME,
            _ACCOUNT,
            _DESCRIPTION,
            _CREATED_AT,
            _MODIFIED,
            Column("email", "Email address."),
            _CRN,
            Column("template_id", "The enterprise template that created it."),
            Column("assignment_id", "The template assignment that created it."),
        ),
        key=("id",),
        one="trusted profile",
        label="name",
        facets=("account_id",),
        called="trusted profiles",
        link=Link("profile_id", ("profile",)),
        identity=Named("trusted_profile"),
        compared=Compared(
            columns="name description email",
            iam_id="iam_id",
        ),
    ),
    Table(
        "trustedprofile_links",
        "Compute resources that can assume a trusted profile.",
        (
            _id("ID of the link."),
            Column("cr_type", "Type of compute resource, such as VSI, IKS_SA, ROKS_SA, or CE."),
            Column("tp_id", "The trusted profile.", references="trustedprofiles", required=True),
            Column("link_crn", "CRN of the compute resource; a Code Engine link might have none."),
            Column("link_namespace", "Kubernetes namespace."),
            Column("link_name", "Kubernetes service account."),
            Column("component_type", "Code Engine: type of component."),
            Column("component_name", "Code Engine: name of the component."),
            _NAME,
            Column("is_cross_account", "1 if the resource is in another account.", BOOLEAN),
            _CREATED_AT,
            _MODIFIED,
        ),
        key=("id",),
        one="compute resource linked to a trusted profile",
        label="name",
        facets=("cr_type", "link_namespace"),
        called="compute resources linked to trusted profiles",
        link=Link("link_id", ("link",)),
        piece_of="tp_id",
        compared=Compared(
            columns=("cr_type link_crn link_namespace link_name component_name component_type"),
            name="coalesce(name, link_crn)",
            iam_id=_OF_PROFILE,
        ),
    ),
    Table(
        "access_groups",
        "Access groups: members of a group get the access that its policies grant.",
        (
            _id("ID of the access group."),
            _NAME,
            _DESCRIPTION,
            _CREATED_BY,
            _ACCOUNT,
            _CREATED_AT,
            _MODIFIED_AT,
            _MODIFIED_BY,
            Column("is_federated", "1 if it has dynamic rules.", BOOLEAN, absent=0),
            Column(
                "is_public",
                "1 for the Public Access group, which represents every user and service ID.",
                BOOLEAN,
                required=True,
            ),
            _CRN,
            _LISTED,
        ),
        key=("id",),
        one="access group",
        label="name",
        facets=("account_id", "is_federated"),
        link=Link("access_group_id", ("access_group",), begins="AccessGroupId-"),
        compared=Compared(
            columns="name description is_federated",
            access_group_id="id",
            where="t.listed = 1",
        ),
    ),
    Table(
        "access_group_members",
        "Members of access groups; an identity can be in a group both by hand and by rule.",
        (
            _iam_id("iam_id", "The member.", required=True),
            Column("group_id", "The group.", references="access_groups", required=True),
            Column("type", "user, service (a service ID), or profile (a trusted profile)."),
            Column(
                "membership_type",
                "static (added by hand) or dynamic (by a rule at the last login).",
                required=True,
            ),
            _CREATED_AT,
            replace(_iam_id("created_by_id", "Who added it."), indexed=False),
        ),
        key=("iam_id", "group_id", "membership_type"),
        one="member of an access group",
        facets=("type", "membership_type", "group_id"),
        indexes=(("group_id", "iam_id"),),
        by_key=True,
        called="members of access groups",
        piece_of="group_id",
        compared=Compared(
            columns="type",
            name="(select i.name from {side}identities i where i.iam_id = t.iam_id)",
            iam_id="iam_id",
            access_group_id="group_id",
            where="t.membership_type = 'static'",
        ),
    ),
    Table(
        "resource_groups",
        "Resource groups, which organize service instances.",
        (
            Column("resource_group_id", "ID of the resource group.", required=True),
            _CRN,
            _PART_OF,
            _NAME,
            Column("state", "State, such as ACTIVE."),
            Column("default", "1 for the account's default resource group.", BOOLEAN),
            _CREATED_AT,
            Column("updated_at", "When it was last changed.", TIME),
            _LISTED,
        ),
        key=("resource_group_id",),
        one="resource group",
        label="name",
        facets=("account_id", "state"),
        link=Link("resource_group_id", ("resource_group",)),
        compared=Compared(
            columns="name state",
            where="t.listed = 1",
        ),
    ),
    Table(
        "resource_service_instances",
        "Service instances in every state, from provisioning to removed but restorable.",
        (
            _id("The instance's CRN."),
            Column("guid", "GUID, as policies name the instance in serviceInstance."),
            _CRN,
            Column("resource_group_id", "Its resource group.", references="resource_groups"),
            _ACCOUNT,
            _iam_id("created_by", "Who created it."),
            _iam_id("updated_by", "Who last changed it."),
            _NAME,
            Column("region_id", "Region."),
            Column("service_name", "Service, segment 5 of its CRN."),
            Column(
                "state", "active, inactive, failed, provisioning, pending_reclamation, removed ..."
            ),
            _CREATED_AT,
            Column("updated_at", "When it was last changed.", TIME),
            Column("deleted_at", "When it was deleted.", TIME),
            Column("scheduled_reclaim_at", "When it will be permanently deleted.", TIME),
            Column("type", "Type of resource, such as service_instance."),
            Column("sub_type", "Subtype of resource."),
            Column("resource_id", "Catalog ID of the service."),
            Column("resource_plan_id", "Catalog ID of the plan."),
            Column("target_crn", "Where it is deployed."),
            Column("locked", "1 if it is locked.", BOOLEAN, absent=0),
        ),
        key=("id",),
        one="service instance",
        label="name",
        facets=("account_id", "service_name", "region_id", "state", "resource_group_id"),
        indexes=(("account_id", "service_name"), ("guid",)),
        called="service instances",
        link=Link("instance_id", ("instance",), begins="crn:"),
        compared=Compared(
            columns="name state resource_group_id locked",
        ),
    ),
    Table(
        "resources",
        "Everything that global search shows: service instances, and resources that are not in the "
        "list of service instances, such as clusters and VPC. Deleted resources are not included.",
        (
            Column("crn", "Its cloud resource name.", required=True),
            _NAME,
            Column(
                "family",
                "Where it comes from, such as resource_controller, containers, or is (VPC).",
            ),
            Column("type", "Type of resource, such as resource-instance, k8-cluster, or vpc."),
            Column("service_name", "Service, segment 5 of its CRN."),
            Column("region_id", "Region."),
            Column("guid", "GUID of the service instance or cluster that it is, or is part of."),
            Column("resource_group_id", "Its resource group.", references="resource_groups"),
            _ACCOUNT,
            _INSTANCE,
            _CREATED_AT,
        ),
        key=("crn",),
        one="resource",
        title="resources",
        label="name",
        facets=("account_id", "family", "type", "service_name", "region_id", "resource_group_id"),
        indexes=(("account_id", "guid"),),
        called="search for resources and their tags",
        compared=Compared(
            columns="name family type service_name region_id resource_group_id",
            name="coalesce(nullif(name, ''), crn)",
            where="t.instance_id is null",
        ),
    ),
    Table(
        "roles",
        "Roles that policies grant.",
        (
            Column("role_id", "The role's CRN.", required=True),
            Column("display_name", "Its name."),
            Column("kind", "platform, service, or custom."),
            Column(
                "service_name",
                "The service that defines it; empty for roles that apply to every service.",
            ),
            _DESCRIPTION,
            Column("account_id", "The account of a custom role.", references="accounts"),
            _CREATED_AT,
            _CREATED_BY,
            _LISTED,
        ),
        key=("role_id",),
        one="role",
        label="display_name",
        facets=("kind", "service_name"),
        link=Link("role_id", ("role",), begins="crn:"),
        compared=Compared(
            columns="display_name description",
            name="display_name",
            where="t.kind = 'custom' and t.listed = 1",
            more={
                "actions": (
                    "select json_group_array(distinct action) from {side}role_actions x where "
                    "x.role_id = t.role_id"
                ),
            },
        ),
    ),
    Table(
        "role_actions",
        "Actions of roles; one role can include different actions in different services.",
        (
            Column("role_id", "The role.", references="roles", required=True),
            Column(
                "service_name", "The service in which the role includes the action.", required=True
            ),
            Column("action", "The action.", required=True),
        ),
        key=("role_id", "service_name", "action"),
        one="action of a role",
        title="actions of roles",
        facets=("service_name", "role_id"),
        indexes=(("action",),),
        part="roles",
        set_of=Set("role_actions", {"role_id": "role_id", "service_name": "service_name"}),
        compared=None,
    ),
    Table(
        "policies",
        "IAM policies: access policies of identities and groups, and authorizations of services.",
        (
            _id("ID of the policy."),
            Column("type", "access or authorization (service-to-service)."),
            Column("state", "active or deleted; only active ones grant anything."),
            _CREATED_BY,
            _DESCRIPTION,
            Column("last_permit_at", "When it last permitted something; empty: never.", TIME),
            Column("last_permit_frequency", "How many times it permitted something.", INTEGER),
            _ACCOUNT,
            _iam_id(
                "iam_id",
                "The identity that it grants access to; empty for an access group or a service.",
            ),
            Column(
                "access_group_id",
                "The access group that it grants access to.",
                references="access_groups",
            ),
            _CREATED_AT,
            _MODIFIED_AT,
            _MODIFIED_BY,
            Column("pattern", "Kind of condition in its rule."),
            Column("rule", "Condition on time or on resource attributes.", JSON),
            Column("template_id", "The enterprise template that created it."),
            Column("version", "The API version that shows it: v2, or v1 if only v1 does."),
        ),
        key=("id",),
        one="policy",
        facets=("account_id", "type", "state", "access_group_id"),
        indexes=(("account_id", "type", "state"),),
        link=Link("policy_id", ("roles",)),
        compared=Compared(
            columns="type state iam_id access_group_id description rule",
            name="coalesce(nullif(description, ''), id)",
            iam_id="iam_id",
            access_group_id="access_group_id",
            more={
                "roles": (
                    "select json_group_array(role_id) from {side}policy_roles x where x.policy_id "
                    "= t.id"
                ),
                "resources": (
                    "select json_group_array(json_object('name', name, 'operator', operator, "
                    "'value', value)) from {side}policy_resource_attributes x where x.policy_id = "
                    "t.id"
                ),
                "tags": (
                    "select json_group_array(json_object('name', name, 'operator', operator, "
                    "'value', value)) from {side}policy_resource_tags x where x.policy_id = t.id"
                ),
                "subjects": (
                    "select json_group_array(json_object('name', name, 'operator', operator, "
                    "'value', value)) from {side}policy_subjects x where x.policy_id = t.id and "
                    "t.type = 'authorization'"
                ),
            },
        ),
    ),
    Table(
        "policy_roles",
        "Roles that each policy grants.",
        (
            _POLICY,
            Column("role_id", "The role.", references="roles", required=True),
            Column("display_name", "The role's name."),
        ),
        key=("policy_id", "role_id"),
        one="role of a policy",
        title="roles of policies",
        facets=("display_name",),
        part="policies",
        by_key=True,
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "policy_subjects",
        "Whom each policy grants access to, one row for each attribute.",
        (
            _POLICY,
            Column("name", "Attribute, such as iam_id, access_group_id, or serviceName."),
            Column("value", "Its value."),
            Column("operator", "How the value is compared."),
            _POSITION,
        ),
        key=("policy_id", "position"),
        one="subject of a policy",
        title="subjects of policies",
        facets=("name",),
        indexes=(("policy_id", "name"),),
        part="policies",
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "policy_resource_attributes",
        "What each policy applies to, one row for each attribute; all of them must match.",
        (
            _POLICY,
            Column("name", "Attribute, such as serviceName, serviceInstance, or resourceGroupId."),
            Column("value", "Its value; a list is JSON text."),
            Column("operator", "How the value is compared, such as stringEquals or stringMatch."),
            _POSITION,
        ),
        key=("policy_id", "position"),
        one="resource attribute of a policy",
        title="resource attributes of policies",
        facets=("name", "operator"),
        indexes=(("policy_id", "name"), ("name", "value")),
        part="policies",
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "policy_resource_tags",
        "Access tags that a resource must have for a policy to apply to it.",
        (
            _POLICY,
            Column("name", "Key of the tag."),
            Column("value", "Value of the tag."),
            Column("operator", "How the value is compared."),
            _POSITION,
        ),
        key=("policy_id", "position"),
        one="access tag of a policy",
        title="access tags of policies",
        facets=("name",),
        part="policies",
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "apikeys",
        "API keys of people and service IDs, without the secret values.",
        (
            _id("ID of the API key."),
            _NAME,
            _iam_id(
                "iam_id",
                "The identity that the key belongs to; anyone with the key acts as this identity.",
                True,
            ),
            _ACCOUNT,
            _DESCRIPTION,
            Column("disabled", "1 if it is disabled.", BOOLEAN, absent=0),
            Column("locked", "1 if it is locked against deletion and changes.", BOOLEAN, absent=0),
            _CREATED_AT,
            _iam_id("created_by", "Who created it."),
            _MODIFIED,
            Column("expires_at", "When it expires; empty: never.", TIME),
            Column("action_when_leaked", "What IBM Cloud does if it finds the key in public."),
            Column("support_sessions", "1 if it can open login sessions.", BOOLEAN),
            _CRN,
        ),
        key=("id",),
        one="API key",
        label="name",
        facets=("account_id", "disabled", "action_when_leaked"),
        called="API keys",
        link=Link("apikey_id", ("apikey",)),
        compared=Compared(
            columns="name iam_id disabled locked expires_at action_when_leaked",
            iam_id="iam_id",
        ),
    ),
    Table(
        "trustedprofile_rules",
        "Claim rules: which federated users or compute resources can assume a trusted profile.",
        (
            _id("ID of the rule."),
            Column("tp_id", "The trusted profile.", references="trustedprofiles", required=True),
            _NAME,
            Column("type", "Profile-SAML (federated users) or Profile-CR (compute resources)."),
            Column("realm_name", "The identity provider."),
            Column("cr_type", "Type of compute resource, such as VSI, IKS_SA, ROKS_SA, or CE."),
            Column("expiration", "Length of a session in seconds.", INTEGER),
            _CONDITIONS,
            _CREATED_AT,
            _MODIFIED,
        ),
        key=("id",),
        one="claim rule of a trusted profile",
        label="name",
        facets=("type", "cr_type", "realm_name"),
        called="claim rules of trusted profiles",
        piece_of="tp_id",
        compared=Compared(
            columns="name type realm_name cr_type expiration conditions",
            iam_id=_OF_PROFILE,
        ),
    ),
    Table(
        "trustedprofile_identities",
        "Identities, also of other accounts, that can assume a trusted profile by name.",
        (
            Column("tp_id", "The trusted profile.", references="trustedprofiles", required=True),
            _iam_id("iam_id", "Who can assume it.", required=True),
            Column("identifier", "IAM ID, service ID, or CRN, as it was entered."),
            Column("type", "user, serviceid, or crn."),
            Column("accounts", "Accounts from which a person can assume it.", JSON),
            _DESCRIPTION,
        ),
        key=("tp_id", "iam_id"),
        one="identity that can assume a trusted profile",
        facets=("type",),
        called="identities that can assume trusted profiles",
        piece_of="tp_id",
        compared=Compared(
            columns="type accounts",
            name="identifier",
            iam_id=_OF_PROFILE,
        ),
    ),
    Table(
        "access_group_rules",
        "Dynamic rules: federated users with matching claims are members while they are logged in.",
        (
            _id("ID of the rule."),
            _NAME,
            Column("group_id", "The group.", references="access_groups", required=True),
            _ACCOUNT,
            Column("realm_name", "The identity provider."),
            Column("expiration", "Length of a membership in hours.", INTEGER),
            _CONDITIONS,
            _CREATED_AT,
            _CREATED_BY,
            _MODIFIED_AT,
            _MODIFIED_BY,
        ),
        key=("id",),
        one="dynamic rule of an access group",
        label="name",
        facets=("account_id", "realm_name", "group_id"),
        called="dynamic rules of access groups",
        piece_of="group_id",
        compared=Compared(
            columns="name realm_name expiration conditions",
            access_group_id="group_id",
        ),
    ),
    Table(
        "access_group_settings",
        "Whether an account allows public access.",
        (
            _SETTINGS_OF,
            Column(
                "public_access_enabled",
                "1 if policies can grant access to everyone, without a login.",
                BOOLEAN,
            ),
            _MODIFIED_AT,
            _MODIFIED_BY,
        ),
        key=("account_id",),
        one="settings of access groups",
        called="settings of access groups",
        compared=Compared(
            columns="public_access_enabled",
            name="'settings'",
        ),
    ),
    Table(
        "account_settings",
        "How identities of an account can log in, and what they can create.",
        (
            _SETTINGS_OF,
            Column(
                "mfa",
                "MFA setting, such as NONE, TOTP, TOTP4ALL, LEVEL1, LEVEL2, or LEVEL3.",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_create_service_id",
                "RESTRICTED, NOT_RESTRICTED, or NOT_SET.",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_create_platform_apikey",
                "RESTRICTED, NOT_RESTRICTED, or NOT_SET.",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_user_list_visibility", "RESTRICTED or NOT_RESTRICTED.", absent=_NOT_SET
            ),
            Column(
                "allowed_ip_addresses",
                "IP addresses to log in from; empty: any.",
                is_list=True,
                absent=_NOT_SET,
            ),
            Column(
                "session_expiration_in_seconds",
                "Maximum length of a session, or NOT_SET.",
                absent=_NOT_SET,
            ),
            Column(
                "session_invalidation_in_seconds", "Maximum idle time, or NOT_SET.", absent=_NOT_SET
            ),
            Column(
                "max_sessions_per_identity",
                "Maximum number of concurrent sessions, or NOT_SET.",
                absent=_NOT_SET,
            ),
            Column(
                "system_access_token_expiration_in_seconds",
                "Lifetime of an access token.",
                absent=_NOT_SET,
            ),
            Column(
                "system_refresh_token_expiration_in_seconds",
                "Lifetime of a refresh token.",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_user_domains", "Email domains that can be invited.", JSON, absent=_NOT_SET
            ),
        ),
        key=("account_id",),
        one="identity settings",
        called="identity settings",
        compared=Compared(
            columns=(
                "mfa restrict_create_service_id restrict_create_platform_apikey "
                "restrict_user_list_visibility allowed_ip_addresses "
                "session_expiration_in_seconds session_invalidation_in_seconds "
                "max_sessions_per_identity system_access_token_expiration_in_seconds "
                "system_refresh_token_expiration_in_seconds restrict_user_domains"
            ),
            name="'settings'",
        ),
    ),
    Table(
        "user_mfa",
        "People whose MFA setting differs from the account's.",
        (
            _ACCOUNT,
            _iam_id("iam_id", "The person.", required=True),
            Column("mfa", "MFA setting, such as NONE, TOTP, TOTP4ALL, LEVEL1, LEVEL2, or LEVEL3."),
        ),
        key=("account_id", "iam_id"),
        one="MFA setting of a person",
        title="MFA settings of people",
        facets=("mfa",),
        part="account_settings",
        compared=Compared(
            columns="mfa",
            name="iam_id",
            iam_id="iam_id",
        ),
    ),
    Table(
        "external_identity_settings",
        "Whether identities from other accounts can use access in this one.",
        (
            _ACCOUNT,
            Column("identity_type", "user, service_id, or service.", required=True),
            Column("state", "enabled, monitor, or limited."),
            Column("external_allowed_accounts", "Accounts that are allowed as exceptions.", JSON),
        ),
        key=("account_id", "identity_type"),
        one="setting for external identities",
        called="settings for external identities",
        compared=Compared(
            columns="state external_allowed_accounts",
            name="identity_type",
        ),
    ),
    Table(
        "mfa_enrollments",
        "Which MFA each person needs and has, according to IBM Cloud's own report.",
        (
            _ACCOUNT,
            _iam_id("iam_id", "The person.", required=True),
            Column("name", "The person's name."),
            Column("username", "Login name."),
            Column("email", "Email address."),
            Column("effective_mfa_type", "id_based_mfa or account_based_mfa."),
            Column("trait_account_default", "MFA that the account requires."),
            Column("trait_user_specific", "MFA that is set for the person."),
            Column("trait_effective", "MFA in effect."),
            Column("complies", "1 if the person has what is required.", BOOLEAN),
            Column("comply_state", "NO, ACCOUNT, or CROSS_ACCOUNT."),
            Column("account_based_mfa", "MFA factors of the older, account-based kind.", JSON),
            Column("report_time", "When IBM Cloud created the report.", TIME),
        ),
        key=("account_id", "iam_id"),
        one="entry of the MFA report",
        title="MFA report",
        label="name",
        facets=("account_id", "trait_effective", "complies"),
        called="the MFA report",
        compared=None,
    ),
    Table(
        "inactive_identities",
        "Identities and API keys that are inactive according to IBM Cloud's own report.",
        (
            _ACCOUNT,
            Column("kind", "user, apikey, service_id, or trusted_profile.", required=True),
            Column("id", "IAM ID of a person, otherwise the ID of the object.", required=True),
            _iam_id("iam_id", "The identity; for an API key, the identity that it belongs to."),
            _NAME,
            Column("last_authn", "When it last logged in; empty: never seen.", TIME),
            Column("report_duration", "Look-back period of the report in hours.", INTEGER),
            Column("report_end_time", "When IBM Cloud created the report.", TIME),
        ),
        key=("account_id", "kind", "id"),
        one="entry of the report of inactive identities",
        title="inactive identities",
        label="name",
        facets=("account_id", "kind"),
        called="the report of inactive identities",
        compared=None,
    ),
    Table(
        "resource_keys",
        "Service credentials: long-lived keys to service instances, without the secret values.",
        (
            _id("The credential's CRN."),
            Column("guid", "GUID."),
            _NAME,
            _CRN,
            _ACCOUNT,
            _INSTANCE,
            Column("source_crn", "CRN of the resource that it is a key to."),
            Column("resource_group_id", "Its resource group.", references="resource_groups"),
            Column("state", "State, such as active or removed."),
            Column("role_crn", "Its role."),
            _iam_id("service_iam_id", "The service ID behind it."),
            _CREATED_AT,
            _iam_id("created_by", "Who created it."),
            Column("updated_at", "When it was last changed.", TIME),
            _iam_id("updated_by", "Who last changed it."),
            Column("iam_compatible", "1 if it is based on an IAM API key.", BOOLEAN),
            Column("onetime_credentials", "1 if it was shown only once.", BOOLEAN),
        ),
        key=("id",),
        one="service credential",
        label="name",
        facets=("account_id", "state"),
        called="service credentials",
        compared=Compared(
            columns="name state role_crn",
            iam_id="service_iam_id",
        ),
    ),
    Table(
        "cbr_zones",
        "Network zones: addresses that context-based restrictions refer to.",
        (
            _id("ID of the zone."),
            _NAME,
            _ACCOUNT,
            _DESCRIPTION,
            _CRN,
            Column("address_count", "How many addresses it has.", INTEGER),
            Column("excluded_count", "How many addresses it excludes.", INTEGER),
            _CREATED_AT,
            _CREATED_BY,
            _MODIFIED_AT,
            _MODIFIED_BY,
            _LISTED,
        ),
        key=("id",),
        one="network zone",
        label="name",
        facets=("account_id",),
        called="network zones",
        compared=Compared(
            columns="name",
            where="t.listed = 1",
            more={
                "addresses": (
                    "select json_group_array(json_object('excluded', iif(excluded, 'not', null), "
                    "'type', type, 'value', value, 'ref', json(iif(json_valid(ref), ref, null)))) "
                    "from {side}cbr_zone_addresses x where x.zone_id = t.id"
                ),
            },
        ),
    ),
    Table(
        "cbr_zone_addresses",
        "Addresses of each network zone.",
        (
            Column("zone_id", "The zone.", references="cbr_zones", required=True),
            Column("excluded", "1 if it is excluded from the zone.", BOOLEAN, required=True),
            _POSITION,
            Column("type", "ipAddress, ipRange, subnet, vpc, or serviceRef."),
            Column("value", "The address, range, subnet, or VPC."),
            Column("ref", "The services that a serviceRef refers to.", JSON),
        ),
        key=("zone_id", "excluded", "position"),
        one="address of a network zone",
        facets=("type",),
        called="addresses of network zones",
        piece_of="zone_id",
        compared=None,
    ),
    Table(
        "cbr_rules",
        "Context-based restrictions: from where and how resources can be accessed.",
        (
            _id("ID of the rule."),
            _DESCRIPTION,
            _ACCOUNT,
            Column("enforcement_mode", "enabled, disabled, or report (report-only)."),
            Column("contexts", "Network zones, endpoints, and MFA that are allowed.", JSON),
            Column("resources", "What is restricted.", JSON),
            Column("operations", "Operations that are restricted; empty: all.", JSON),
            _CRN,
            _CREATED_AT,
            _CREATED_BY,
            _MODIFIED_AT,
            _MODIFIED_BY,
        ),
        key=("id",),
        one="context-based restriction",
        label="description",
        facets=("account_id", "enforcement_mode"),
        called="context-based restrictions",
        compared=Compared(
            columns="description enforcement_mode contexts resources operations",
            name="coalesce(nullif(description, ''), id)",
        ),
    ),
    Table(
        "cbr_rule_zones",
        "Network zones that each rule refers to.",
        (
            Column("rule_id", "The rule.", references="cbr_rules", required=True),
            Column("zone_id", "The zone.", references="cbr_zones", required=True),
        ),
        key=("rule_id", "zone_id"),
        one="network zone of a context-based restriction",
        title="network zones of context-based restrictions",
        part="cbr_rules",
        set_of=Set("cbr_rules", {"id": "rule_id"}),
        compared=None,
    ),
    Table(
        "tags",
        "Tags of an account; policies and context-based restrictions use access tags only.",
        (
            _ACCOUNT,
            Column("kind", "user, access, or service.", required=True),
            Column("name", "The tag; access tags have the form key:value.", required=True),
        ),
        key=("account_id", "kind", "name"),
        one="tag",
        facets=("account_id", "kind"),
        compared=None,
    ),
    Table(
        "tag_attachments",
        "Tags that are attached to each resource.",
        (
            Column("crn", "The resource.", required=True),
            Column("kind", "user, access, or service.", required=True),
            Column("name", "The tag.", required=True),
            _ACCOUNT,
            _INSTANCE,
        ),
        key=("crn", "kind", "name"),
        one="attached tag",
        title="attached tags",
        facets=("account_id", "kind", "name"),
        indexes=(("instance_id", "kind", "name"), ("account_id", "kind", "name")),
        part="resources",
        compared=Compared(
            columns="kind",
            name="t.name || ' on ' || t.crn",
            where="t.kind = 'access'",
        ),
    ),
    Table(
        "enterprises",
        "The enterprise that an account is in.",
        (
            _id("ID of the enterprise."),
            _NAME,
            _ACCOUNT,
            Column("enterprise_account_id", "The account that manages it."),
            Column("domain", "Its domain."),
            Column("state", "State, such as ACTIVE."),
            Column("primary_contact_email", "Email address of the primary contact."),
            _CRN,
            _CREATED_AT,
        ),
        key=("id",),
        one="enterprise",
        title="enterprise",
        label="name",
        facets=("account_id",),
        called="the enterprise",
        compared=None,
    ),
    Table(
        "enterprise_account_groups",
        "Account groups in an enterprise.",
        (
            _id("ID of the account group."),
            _NAME,
            _ACCOUNT,
            Column("enterprise_id", "The enterprise.", references="enterprises", weak=True),
            Column("parent", "CRN of its parent."),
            Column("enterprise_path", "Its place in the enterprise."),
            Column("state", "State, such as ACTIVE."),
            Column("primary_contact_email", "Email address of the primary contact."),
            _CRN,
            _CREATED_AT,
        ),
        key=("id",),
        one="account group of the enterprise",
        label="name",
        facets=("account_id",),
        called="account groups of the enterprise",
        compared=None,
    ),
    Table(
        "enterprise_accounts",
        "Accounts in an enterprise, as the enterprise lists them.",
        (
            _id("The account's ID."),
            _NAME,
            _ACCOUNT,
            Column("enterprise_id", "The enterprise.", references="enterprises", weak=True),
            Column("parent", "CRN of its parent."),
            Column("enterprise_path", "Its place in the enterprise."),
            Column("state", "State, such as ACTIVE."),
            _iam_id("owner_iam_id", "Its owner."),
            Column("owner_email", "The owner's email address."),
            Column("paid", "1 if it is a paid account.", BOOLEAN),
            Column("is_enterprise_account", "1 if it manages the enterprise.", BOOLEAN),
            _CRN,
            _CREATED_AT,
        ),
        key=("id",),
        one="account of the enterprise",
        label="name",
        facets=("account_id",),
        called="accounts of the enterprise",
        compared=None,
    ),
    Table(
        "collections",
        "Each run of the collector.",
        (
            Column("id", "Number of the run.", INTEGER, required=True),
            _ACCOUNT,
            _iam_id("collected_by", "The identity whose token was used."),
            Column("started_at", "When it began.", TIME, required=True),
            Column("finished_at", "When it ended.", TIME),
            Column("requests", "Requests sent to IBM Cloud.", INTEGER),
            Column("rows", "Rows written.", INTEGER),
            Column(
                "status",
                "ok, partial if something is missing, denied if some part could not be read.",
                required=True,
            ),
            Column("version", "Version of IAM insights."),
        ),
        key=("id",),
        one="collection",
        facets=("account_id", "status"),
        is_history=True,
        compared=None,
    ),
    Table(
        "collection_steps",
        "Each part of each run of the collector, and whether it could be read.",
        (
            Column("collection_id", "The run.", INTEGER, references="collections", required=True),
            Column(
                "part",
                "The part, named after the table that it fills.",
                required=True,
                was="resource",
            ),
            Column(
                "status", "ok, partial (something is missing), denied, or failed.", required=True
            ),
            Column("started_at", "When it began.", TIME),
            Column("finished_at", "When it ended.", TIME),
            Column("requests", "Requests sent.", INTEGER),
            Column("rows", "Objects received.", INTEGER),
            Column("message", "Message from IBM Cloud or the collector."),
            Column(
                "lacks",
                "Tables (as table.*) and columns that were unknown to the version that read it.",
            ),
        ),
        key=("collection_id", "part"),
        one="part of a collection",
        title="parts of collections",
        facets=("part", "status"),
        is_history=True,
        compared=None,
    ),
    Table(
        "acknowledgements",
        "Findings that somebody decided to accept until a given day, as loaded by "
        "collect --acknowledge.",
        (
            Column("id", "Its place in the file, from 1.", INTEGER, required=True),
            Column("report", "The report.", required=True),
            Column(
                "identifiers", "Columns of the report and the values that they must have.", JSON
            ),
            Column("reason", "Why it is accepted.", required=True),
            Column("expires", "The last day on which it applies.", required=True),
            Column("findings", "How many findings it applies to.", INTEGER),
        ),
        key=("id",),
        one="acknowledgement",
        label="reason",
        facets=("report",),
        is_derived=True,
        compared=None,
    ),
    Table(
        "findings",
        "The rows of every report that lists something to fix, as of the last collection.",
        (
            Column("report", "The report.", required=True),
            replace(_ACCOUNT, indexed=False),
            Column("finding", "What identifies it in the report.", required=True),
            Column("severity", "How severe it is.", required=True),
            Column("what", "The name of what the finding is about."),
            Column("who", "The holder: the name of an identity, access group, or service."),
            Column(
                "kind",
                "Kind of holder, such as person, service ID, trusted profile, or access group.",
            ),
            _iam_id("iam_id", "The identity that the finding is about."),
            Column("access_group_id", "Its access group.", references="access_groups", weak=True),
            Column("policy_id", "Its policy.", references="policies", weak=True),
            _INSTANCE,
            Column("command", "The ibmcloud command that fixes it, if there is one."),
            Column("first_seen", "When a collection first found it; empty: not known.", TIME),
            Column(
                "acknowledgement_id",
                "The acknowledgement that accepts it.",
                INTEGER,
                references="acknowledgements",
            ),
        ),
        key=("report", "account_id", "finding"),
        one="finding",
        label="what",
        facets=("account_id", "report", "severity"),
        indexes=(("severity",),),
        is_derived=True,
        compared=None,
    ),
    Table(
        "reports",
        "The reports that were counted, with their titles at that time.",
        (
            Column("name", "The report.", required=True),
            Column("title", "Its title.", required=True),
            Column("category", "Its category.", required=True),
            Column(
                "severity",
                "Severity of its rows, unless a row has its own severity.",
                required=True,
            ),
        ),
        key=("name",),
        one="counted report",
        title="counted reports",
        label="title",
        facets=("category", "severity"),
        is_derived=True,
        compared=None,
    ),
    Table(
        "report_counts",
        "Number of rows of each report, severity, and account when the account was last collected.",
        (
            Column("report", "The report.", required=True),
            _ACCOUNT,
            Column("severity", "Severity of these rows.", required=True),
            Column("rows", "Number of rows of this severity.", INTEGER, required=True),
            Column("fingerprint", "Fingerprint of the report's SQL at that time.", required=True),
            Column("unread", "Parts that the report depends on but that could not be read."),
        ),
        key=("report", "account_id", "severity"),
        one="count of findings",
        title="counts of findings",
        facets=("account_id", "report", "severity"),
        is_derived=True,
        compared=None,
    ),
    Table(
        "changes",
        "What each collection found that differs from the previous one.",
        (
            Column("id", "Number of the change.", INTEGER, required=True),
            Column("changed_at", "When the collection that found it ended.", TIME, required=True),
            _ACCOUNT,
            Column("what", "The table that the changed row is in.", required=True),
            Column("key", "The key of the row in that table.", required=True),
            Column("name", "Its name; if the name changed, the new one."),
            Column("iam_id", "The identity whose history it belongs to."),
            Column("access_group_id", "The access group whose history it belongs to."),
            Column("change", "added, removed or changed.", required=True),
            Column("before", "The previous values that differ.", JSON),
            Column("after", "The new values that differ.", JSON),
        ),
        key=("id",),
        one="change",
        title="changes between collections",
        label="name",
        facets=("account_id", "what", "change"),
        indexes=(("what", "key"), ("iam_id",), ("access_group_id",)),
        is_history=True,
        compared=None,
    ),
    Table(
        "finding_history",
        "Number of findings of each report and severity, from a point in time until the next row.",
        (
            Column(
                "changed_at", "When the collection that counted them ended.", TIME, required=True
            ),
            _ACCOUNT,
            Column("report", "The report.", required=True),
            Column(
                "severity",
                "Severity of these rows; empty: that of the report, counted by an earlier version.",
                required=True,
                default="",
            ),
            Column("rows", "Number of rows of this severity.", INTEGER, required=True),
            Column(
                "acknowledged", "Number of rows that somebody acknowledged.", INTEGER, required=True
            ),
        ),
        key=("account_id", "report", "severity", "changed_at"),
        one="count of findings",
        title="history of findings",
        facets=("account_id", "report"),
        is_history=True,
        compared=None,
    ),
    Table(
        "facts",
        "The tables that each collection derives from the others, and what they depend on.",
        (
            Column("name", "The table.", required=True),
            Column("title", "What it says.", required=True),
            Column("grain", "What one row represents.", required=True),
            Column("rests_on", "The tables that it is derived from, including facts.", JSON),
            Column("errs", "Where it can be wrong, and in which direction."),
        ),
        key=("name",),
        one="table of facts",
        title="tables of facts",
        label="name",
        is_derived=True,
        compared=None,
    ),
)

TABLE: dict[str, Table] = {table.name: table for table in TABLES}

# Tables that no part of a collection fills: what was seen anywhere, how it was collected, and what
# the reports found in it.
NO_PARTS = tuple(table.name for table in TABLES if table.is_derived or table.is_history)


def account_of(table: Table, row: str, side: str) -> str:
    """SQL for the account that a row of a table belongs to, found through what it belongs to.

    `side` stands before the names of tables. Raises ValueError for a table that belongs to nothing.
    """
    if any(column.name == "account_id" for column in table.columns):
        return f"{row}.account_id"
    owners = [c for c in table.columns if c.references not in (None, "identities")]
    if not owners:
        raise ValueError(
            f"The table {table.name} has neither account_id nor a column that refers to a table "
            "which has it."
        )
    above = TABLE[str(owners[0].references)]
    its = f"{above.name}_of_{row}"
    return (
        f"(select {account_of(above, its, side)} from {side}{above.name} as {its} "
        f"where {its}.{above.key[0]} = {row}.{owners[0].name})"
    )
