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
SCHEMA_VERSION = 4


def _iam_id(name: str, description: str, required: bool = False) -> Column:
    return Column(name, description, references="identities", required=required)


_ACCOUNT = Column("account_id", "The account it belongs to.", references="accounts", required=True)
# A person's row in users is one membership: people and accounts are many to many.
_MEMBER_OF = replace(_ACCOUNT, description="The account it is in.", relation="}|--|{")
_PART_OF = replace(_ACCOUNT, relation="}|--||")  # an account has one resource group at least
_NAME = Column("name", "Its name.")
_CRN = Column("crn", "Its cloud resource name.")
_DESCRIPTION = Column("description", "What its owners wrote about it.")
_CREATED_AT = Column("created_at", "When it was made.", TIME)
_CREATED_BY = _iam_id("created_by_id", "Who made it.")
_MODIFIED_AT = Column("last_modified_at", "When it was last changed.", TIME)
_MODIFIED_BY = _iam_id("last_modified_by_id", "Who changed it last.")
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
    "The service instance, if it is one in the list.",
    references="resource_service_instances",
    weak=True,
)
_CONDITIONS = Column("conditions", "Claims, operators and values; all of them must hold.", JSON)
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
        "Every IAM ID seen anywhere: people, service IDs, trusted profiles, services and the "
        "unknown (deleted, or of another account).",
        (
            Column("iam_id", "The IAM ID.", required=True),
            Column("kind", "user, service_id, trusted_profile, service or unknown.", required=True),
            Column("name", "Its name; the IAM ID itself where none is known.", required=True),
        ),
        key=("iam_id",),
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
            Column("type", "Kind of account, such as TRIAL, PAYG or SUBSCRIPTION."),
            Column("state", "State, such as ACTIVE."),
            _CREATED_AT,
        ),
        key=("account_id",),
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
            Column("user_id", "Login name, mostly the e-mail address."),
            _MEMBER_OF,
            Column("state", "ACTIVE, PENDING (invited), SUSPENDED, VPN_ONLY and others."),
            Column("sub_state", "Further detail of the state."),
            Column("email", "E-mail address."),
            Column("firstname", "First name."),
            Column("lastname", "Last name."),
            Column("realm", "Where the person logs in: IBMid, SL or an identity provider."),
            Column("added_on", "When the person joined the account.", TIME),
            Column(
                "allowed_ip_addresses",
                "Addresses the person may come from; empty: any.",
                is_list=True,
            ),
            Column("self_manage", "1 if the person may change these settings.", BOOLEAN),
        ),
        key=("id",),
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
        "Groups that service IDs are kept in.",
        (
            _id("ID of the group of service IDs."),
            _NAME,
            _ACCOUNT,
            _DESCRIPTION,
            _CRN,
            _CREATED_AT,
            _iam_id("created_by", "Who made it."),
            _MODIFIED,
            _LISTED,
        ),
        key=("id",),
        label="name",
        facets=("account_id",),
        called="groups of service IDs",
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
            Column(
                "locked", "1 if it is protected against deletion and change.", BOOLEAN, absent=0
            ),
            _CREATED_AT,
            _MODIFIED,
            Column("group_id", "The group of service IDs it is in.", references="serviceid_groups"),
            _CRN,
            Column("unique_instance_crns", "Service instances it was made for.", JSON),
        ),
        key=("id",),
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
        "Trusted profiles: access that people, services or compute resources can assume.",
        (
            _id("ID of the trusted profile."),
            _iam_id("iam_id", "Its IAM ID.", required=True),
            _NAME,
            _ACCOUNT,
            _DESCRIPTION,
            _CREATED_AT,
            _MODIFIED,
            Column("email", "E-mail address."),
            _CRN,
            Column("template_id", "The enterprise template that made it."),
            Column("assignment_id", "The template assignment that made it."),
        ),
        key=("id",),
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
        "Compute resources that may assume a trusted profile.",
        (
            _id("ID of the link."),
            Column("cr_type", "Kind of compute resource: VSI, IKS_SA, ROKS_SA, CE and others."),
            Column("tp_id", "The trusted profile.", references="trustedprofiles", required=True),
            Column("link_crn", "The compute resource; a Code Engine link may have none."),
            Column("link_namespace", "Kubernetes namespace."),
            Column("link_name", "Kubernetes service account."),
            Column("component_type", "Code Engine: kind of component."),
            Column("component_name", "Code Engine: name of the component."),
            _NAME,
            Column("is_cross_account", "1 if the resource is in another account.", BOOLEAN),
            _CREATED_AT,
            _MODIFIED,
        ),
        key=("id",),
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
        "Access groups: members of a group get what its policies grant.",
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
                "1 for the Public Access group, which stands for every user and service ID.",
                BOOLEAN,
                required=True,
            ),
            _CRN,
            _LISTED,
        ),
        key=("id",),
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
        "Who is in which access group; one identity can be in a group both ways.",
        (
            _iam_id("iam_id", "The member.", required=True),
            Column("group_id", "The group.", references="access_groups", required=True),
            Column("type", "user, service (a service ID) or profile."),
            Column(
                "membership_type",
                "static (added by hand) or dynamic (by a rule at the last login).",
                required=True,
            ),
            _CREATED_AT,
            replace(_iam_id("created_by_id", "Who added it."), indexed=False),
        ),
        key=("iam_id", "group_id", "membership_type"),
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
        "Resource groups: the folders that service instances are kept in.",
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
            _iam_id("created_by", "Who made it."),
            _iam_id("updated_by", "Who changed it last."),
            _NAME,
            Column("region_id", "Region."),
            Column("service_name", "Service, segment 5 of its CRN."),
            Column(
                "state", "active, inactive, failed, provisioning, pending_reclamation, removed ..."
            ),
            _CREATED_AT,
            Column("updated_at", "When it was last changed.", TIME),
            Column("deleted_at", "When it was deleted.", TIME),
            Column("scheduled_reclaim_at", "When it will be gone for good.", TIME),
            Column("type", "Kind of resource, such as service_instance."),
            Column("sub_type", "Kind within the type."),
            Column("resource_id", "Catalog ID of the service."),
            Column("resource_plan_id", "Catalog ID of the plan."),
            Column("target_crn", "Where it is deployed."),
            Column("locked", "1 if it is locked.", BOOLEAN, absent=0),
        ),
        key=("id",),
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
        "Everything that global search shows: service instances, and what is in no list of them, "
        "such as clusters and VPC. Deleted things are not among it.",
        (
            Column("crn", "Its cloud resource name.", required=True),
            _NAME,
            Column("family", "Where it comes from: resource_controller, containers, is (VPC) ..."),
            Column("type", "Kind of resource, such as resource-instance, k8-cluster or vpc."),
            Column("service_name", "Service, segment 5 of its CRN."),
            Column("region_id", "Region."),
            Column("guid", "GUID of the service instance or cluster that it is, or is part of."),
            Column("resource_group_id", "Its resource group.", references="resource_groups"),
            _ACCOUNT,
            _INSTANCE,
            _CREATED_AT,
        ),
        key=("crn",),
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
            Column("kind", "platform, service or custom."),
            Column(
                "service_name", "The service that defines it; empty for roles of every service."
            ),
            _DESCRIPTION,
            Column("account_id", "The account of a custom role.", references="accounts"),
            _CREATED_AT,
            _CREATED_BY,
            _LISTED,
        ),
        key=("role_id",),
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
        "What a role allows; one role can allow different actions in different services.",
        (
            Column("role_id", "The role.", references="roles", required=True),
            Column("service_name", "The service in which it allows this.", required=True),
            Column("action", "The action.", required=True),
        ),
        key=("role_id", "service_name", "action"),
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
            Column("type", "access, or authorization (of one service to another)."),
            Column("state", "active or deleted; only active ones grant anything."),
            _CREATED_BY,
            _DESCRIPTION,
            Column("last_permit_at", "When it last permitted something; empty: never.", TIME),
            Column("last_permit_frequency", "How often it permitted something.", INTEGER),
            _ACCOUNT,
            _iam_id("iam_id", "The identity it grants to; empty for a group or a service."),
            Column("access_group_id", "The access group it grants to.", references="access_groups"),
            _CREATED_AT,
            _MODIFIED_AT,
            _MODIFIED_BY,
            Column("pattern", "Kind of condition in its rule."),
            Column("rule", "Condition of time or of resource attributes.", JSON),
            Column("template_id", "The enterprise template that made it."),
            Column("version", "The API version that shows it: v2, or v1 where only v1 does."),
        ),
        key=("id",),
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
        facets=("display_name",),
        part="policies",
        by_key=True,
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "policy_subjects",
        "To whom each policy grants, attribute by attribute.",
        (
            _POLICY,
            Column("name", "Attribute, such as iam_id, access_group_id or serviceName."),
            Column("value", "Its value."),
            Column("operator", "How the value is compared."),
            _POSITION,
        ),
        key=("policy_id", "position"),
        facets=("name",),
        indexes=(("policy_id", "name"),),
        part="policies",
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "policy_resource_attributes",
        "What each policy is about, attribute by attribute; all of them must hold.",
        (
            _POLICY,
            Column("name", "Attribute, such as serviceName, serviceInstance or resourceGroupId."),
            Column("value", "Its value; a list is JSON text."),
            Column("operator", "How the value is compared, such as stringEquals or stringMatch."),
            _POSITION,
        ),
        key=("policy_id", "position"),
        facets=("name", "operator"),
        indexes=(("policy_id", "name"), ("name", "value")),
        part="policies",
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "policy_resource_tags",
        "Access tags that a resource must carry for a policy to reach it.",
        (
            _POLICY,
            Column("name", "Key of the tag."),
            Column("value", "Value of the tag."),
            Column("operator", "How the value is compared."),
            _POSITION,
        ),
        key=("policy_id", "position"),
        facets=("name",),
        part="policies",
        set_of=_OF_POLICY,
        compared=None,
    ),
    Table(
        "apikeys",
        "API keys of people and service IDs, without their secrets.",
        (
            _id("ID of the API key."),
            _NAME,
            _iam_id("iam_id", "Whose key it is; whoever holds it acts as this identity.", True),
            _ACCOUNT,
            _DESCRIPTION,
            Column("disabled", "1 if it is switched off.", BOOLEAN, absent=0),
            Column(
                "locked", "1 if it is protected against deletion and change.", BOOLEAN, absent=0
            ),
            _CREATED_AT,
            _iam_id("created_by", "Who made it."),
            _MODIFIED,
            Column("expires_at", "When it ends; empty: never.", TIME),
            Column("action_when_leaked", "What IBM Cloud does if it finds it in public."),
            Column("support_sessions", "1 if it may open login sessions.", BOOLEAN),
            _CRN,
        ),
        key=("id",),
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
        "Claim rules: which federated people or compute resources may assume a trusted profile.",
        (
            _id("ID of the rule."),
            Column("tp_id", "The trusted profile.", references="trustedprofiles", required=True),
            _NAME,
            Column("type", "Profile-SAML (federated people) or Profile-CR (compute resources)."),
            Column("realm_name", "The identity provider."),
            Column("cr_type", "Kind of compute resource: VSI, IKS_SA, ROKS_SA, CE and others."),
            Column("expiration", "Length of a session in seconds.", INTEGER),
            _CONDITIONS,
            _CREATED_AT,
            _MODIFIED,
        ),
        key=("id",),
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
        "Identities, also of other accounts, that may assume a trusted profile.",
        (
            Column("tp_id", "The trusted profile.", references="trustedprofiles", required=True),
            _iam_id("iam_id", "Who may take it on.", required=True),
            Column("identifier", "IAM ID, service ID or CRN, as it was entered."),
            Column("type", "user, serviceid or crn."),
            Column("accounts", "Accounts from which a person may take it on.", JSON),
            _DESCRIPTION,
        ),
        key=("tp_id", "iam_id"),
        facets=("type",),
        called="identities that may assume trusted profiles",
        piece_of="tp_id",
        compared=Compared(
            columns="type accounts",
            name="identifier",
            iam_id=_OF_PROFILE,
        ),
    ),
    Table(
        "access_group_rules",
        "Dynamic rules: federated people with these claims are members while they are logged in.",
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
                "1 if policies may grant access to everybody, without a login.",
                BOOLEAN,
            ),
            _MODIFIED_AT,
            _MODIFIED_BY,
        ),
        key=("account_id",),
        called="settings of access groups",
        compared=Compared(
            columns="public_access_enabled",
            name="'settings'",
        ),
    ),
    Table(
        "account_settings",
        "How an account lets identities log in and what they may make.",
        (
            _SETTINGS_OF,
            Column(
                "mfa",
                "Second factor: NONE, TOTP, TOTP4ALL, LEVEL1, LEVEL2, LEVEL3 ...",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_create_service_id",
                "RESTRICTED, NOT_RESTRICTED or NOT_SET.",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_create_platform_apikey",
                "RESTRICTED, NOT_RESTRICTED or NOT_SET.",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_user_list_visibility", "RESTRICTED or NOT_RESTRICTED.", absent=_NOT_SET
            ),
            Column(
                "allowed_ip_addresses",
                "Addresses to log in from; empty: any.",
                is_list=True,
                absent=_NOT_SET,
            ),
            Column(
                "session_expiration_in_seconds", "Longest session, or NOT_SET.", absent=_NOT_SET
            ),
            Column(
                "session_invalidation_in_seconds", "Longest idle time, or NOT_SET.", absent=_NOT_SET
            ),
            Column(
                "max_sessions_per_identity", "Most sessions at a time, or NOT_SET.", absent=_NOT_SET
            ),
            Column(
                "system_access_token_expiration_in_seconds",
                "Life of an access token.",
                absent=_NOT_SET,
            ),
            Column(
                "system_refresh_token_expiration_in_seconds",
                "Life of a refresh token.",
                absent=_NOT_SET,
            ),
            Column(
                "restrict_user_domains", "Mail domains that may be invited.", JSON, absent=_NOT_SET
            ),
        ),
        key=("account_id",),
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
        "People for whom another second factor is set than for their account.",
        (
            _ACCOUNT,
            _iam_id("iam_id", "The person.", required=True),
            Column("mfa", "Second factor: NONE, TOTP, TOTP4ALL, LEVEL1, LEVEL2, LEVEL3 ..."),
        ),
        key=("account_id", "iam_id"),
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
        "Whether identities that act from other accounts may use access in this one.",
        (
            _ACCOUNT,
            Column("identity_type", "user, service_id or service.", required=True),
            Column("state", "enabled, monitor or limited."),
            Column("external_allowed_accounts", "Accounts that are allowed all the same.", JSON),
        ),
        key=("account_id", "identity_type"),
        called="settings for external identities",
        compared=Compared(
            columns="state external_allowed_accounts",
            name="identity_type",
        ),
    ),
    Table(
        "mfa_enrollments",
        "Which second factor each person needs and has, by IBM Cloud's own report.",
        (
            _ACCOUNT,
            _iam_id("iam_id", "The person.", required=True),
            Column("name", "The person's name."),
            Column("username", "Login name."),
            Column("email", "E-mail address."),
            Column("effective_mfa_type", "id_based_mfa or account_based_mfa."),
            Column("trait_account_default", "Second factor that the account asks for."),
            Column("trait_user_specific", "Second factor that is set for the person."),
            Column("trait_effective", "Second factor that counts."),
            Column("complies", "1 if the person has what is asked for.", BOOLEAN),
            Column("comply_state", "NO, ACCOUNT or CROSS_ACCOUNT."),
            Column("account_based_mfa", "Factors of the older, account-based kind.", JSON),
            Column("report_time", "When IBM Cloud made the report.", TIME),
        ),
        key=("account_id", "iam_id"),
        label="name",
        facets=("account_id", "trait_effective", "complies"),
        called="the MFA report",
        compared=None,
    ),
    Table(
        "inactive_identities",
        "Identities and API keys that IBM Cloud's report says have not logged in for a while.",
        (
            _ACCOUNT,
            Column("kind", "user, apikey, service_id or trusted_profile.", required=True),
            Column("id", "IAM ID of a person, else ID of the object.", required=True),
            _iam_id("iam_id", "The identity; for a key the one it belongs to."),
            _NAME,
            Column("last_authn", "When it last logged in; empty: never seen.", TIME),
            Column("report_duration", "Hours that the report looked back.", INTEGER),
            Column("report_end_time", "When IBM Cloud made the report.", TIME),
        ),
        key=("account_id", "kind", "id"),
        label="name",
        facets=("account_id", "kind"),
        called="the report of inactive identities",
        compared=None,
    ),
    Table(
        "resource_keys",
        "Service credentials: lasting keys to service instances, without their secrets.",
        (
            _id("The credential's CRN."),
            Column("guid", "GUID."),
            _NAME,
            _CRN,
            _ACCOUNT,
            _INSTANCE,
            Column("source_crn", "What it is a key to."),
            Column("resource_group_id", "Its resource group.", references="resource_groups"),
            Column("state", "State, such as active or removed."),
            Column("role_crn", "Role that it carries."),
            _iam_id("service_iam_id", "The service ID behind it."),
            _CREATED_AT,
            _iam_id("created_by", "Who made it."),
            Column("updated_at", "When it was last changed.", TIME),
            _iam_id("updated_by", "Who changed it last."),
            Column("iam_compatible", "1 if it is made of an IAM API key.", BOOLEAN),
            Column("onetime_credentials", "1 if it was shown only once.", BOOLEAN),
        ),
        key=("id",),
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
        "Network zones: addresses that context-based restrictions name.",
        (
            _id("ID of the zone."),
            _NAME,
            _ACCOUNT,
            _DESCRIPTION,
            _CRN,
            Column("address_count", "How many addresses it has.", INTEGER),
            Column("excluded_count", "How many addresses are left out.", INTEGER),
            _CREATED_AT,
            _CREATED_BY,
            _MODIFIED_AT,
            _MODIFIED_BY,
            _LISTED,
        ),
        key=("id",),
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
            Column("excluded", "1 if it is left out of the zone.", BOOLEAN, required=True),
            _POSITION,
            Column("type", "ipAddress, ipRange, subnet, vpc or serviceRef."),
            Column("value", "The address, range, subnet or VPC."),
            Column("ref", "The services that a serviceRef means.", JSON),
        ),
        key=("zone_id", "excluded", "position"),
        facets=("type",),
        called="addresses of network zones",
        piece_of="zone_id",
        compared=None,
    ),
    Table(
        "cbr_rules",
        "Context-based restrictions: from where, and how, resources may be reached.",
        (
            _id("ID of the rule."),
            _DESCRIPTION,
            _ACCOUNT,
            Column("enforcement_mode", "enabled, disabled or report (only recorded)."),
            Column("contexts", "Zones, endpoints and second factors that are allowed.", JSON),
            Column("resources", "What is restricted.", JSON),
            Column("operations", "Kinds of operations that are restricted; empty: all.", JSON),
            _CRN,
            _CREATED_AT,
            _CREATED_BY,
            _MODIFIED_AT,
            _MODIFIED_BY,
        ),
        key=("id",),
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
        "Which rules name which network zones.",
        (
            Column("rule_id", "The rule.", references="cbr_rules", required=True),
            Column("zone_id", "The zone.", references="cbr_zones", required=True),
        ),
        key=("rule_id", "zone_id"),
        part="cbr_rules",
        set_of=Set("cbr_rules", {"id": "rule_id"}),
        compared=None,
    ),
    Table(
        "tags",
        "Tags of an account; policies and context-based restrictions use access tags only.",
        (
            _ACCOUNT,
            Column("kind", "user, access or service.", required=True),
            Column("name", "The tag; access tags have the form key:value.", required=True),
        ),
        key=("account_id", "kind", "name"),
        facets=("account_id", "kind"),
        compared=None,
    ),
    Table(
        "tag_attachments",
        "Which resource carries which tag.",
        (
            Column("crn", "The resource.", required=True),
            Column("kind", "user, access or service.", required=True),
            Column("name", "The tag.", required=True),
            _ACCOUNT,
            _INSTANCE,
        ),
        key=("crn", "kind", "name"),
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
            Column("primary_contact_email", "Whom to write to."),
            _CRN,
            _CREATED_AT,
        ),
        key=("id",),
        label="name",
        facets=("account_id",),
        called="the enterprise",
        compared=None,
    ),
    Table(
        "enterprise_account_groups",
        "Groups of accounts in an enterprise.",
        (
            _id("ID of the group of accounts."),
            _NAME,
            _ACCOUNT,
            Column("enterprise_id", "The enterprise.", references="enterprises", weak=True),
            Column("parent", "CRN of what it is in."),
            Column("enterprise_path", "Its place in the enterprise."),
            Column("state", "State, such as ACTIVE."),
            Column("primary_contact_email", "Whom to write to."),
            _CRN,
            _CREATED_AT,
        ),
        key=("id",),
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
            Column("parent", "CRN of what it is in."),
            Column("enterprise_path", "Its place in the enterprise."),
            Column("state", "State, such as ACTIVE."),
            _iam_id("owner_iam_id", "Its owner."),
            Column("owner_email", "The owner's e-mail address."),
            Column("paid", "1 if it is a paid account.", BOOLEAN),
            Column("is_enterprise_account", "1 if it manages the enterprise.", BOOLEAN),
            _CRN,
            _CREATED_AT,
        ),
        key=("id",),
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
            _iam_id("collected_by", "Whose token was used."),
            Column("started_at", "When it began.", TIME, required=True),
            Column("finished_at", "When it ended.", TIME),
            Column("requests", "Requests sent to IBM Cloud.", INTEGER),
            Column("rows", "Rows written.", INTEGER),
            Column(
                "status",
                "ok, partial if it lacks something, denied if some part could not be read.",
                required=True,
            ),
            Column("version", "Version of IAM insights."),
        ),
        key=("id",),
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
            Column("status", "ok, partial (it lacks something), denied or failed.", required=True),
            Column("started_at", "When it began.", TIME),
            Column("finished_at", "When it ended.", TIME),
            Column("requests", "Requests sent.", INTEGER),
            Column("rows", "Objects received.", INTEGER),
            Column("message", "What IBM Cloud or the collector has to say about it."),
            Column(
                "lacks",
                "Tables (as table.*) and columns that the version which read it did not know.",
            ),
        ),
        key=("collection_id", "part"),
        facets=("part", "status"),
        is_history=True,
        compared=None,
    ),
    Table(
        "acknowledgements",
        "Findings that somebody has decided to accept until a day, as collect --acknowledge "
        "loaded them.",
        (
            Column("id", "Its place in the file, from 1.", INTEGER, required=True),
            Column("report", "The report.", required=True),
            Column("identifiers", "Columns of the report and the values they must have.", JSON),
            Column("reason", "Why it is accepted.", required=True),
            Column("expires", "The last day on which it counts.", required=True),
            Column("findings", "How many findings it applies to.", INTEGER),
        ),
        key=("id",),
        label="reason",
        facets=("report",),
        is_derived=True,
        compared=None,
    ),
    Table(
        "findings",
        "The rows of every report that calls for something to fix, as of the last collect.",
        (
            Column("report", "The report.", required=True),
            replace(_ACCOUNT, indexed=False),
            Column("finding", "What tells it from others in the report.", required=True),
            Column("severity", "How severe it is.", required=True),
            Column("what", "The name of what it is about."),
            Column("who", "Who holds it: the name of an identity, access group or service."),
            Column("kind", "Kind of holder: person, service ID, trusted profile, access group..."),
            _iam_id("iam_id", "The identity it is about."),
            Column("access_group_id", "Its access group.", references="access_groups", weak=True),
            Column("policy_id", "Its policy.", references="policies", weak=True),
            _INSTANCE,
            Column("command", "The ibmcloud command that fixes it, where one does."),
            Column("first_seen", "When a collect first found it; empty: not known.", TIME),
            Column(
                "acknowledgement_id",
                "Who accepts it, and until when.",
                INTEGER,
                references="acknowledgements",
            ),
        ),
        key=("report", "account_id", "finding"),
        label="what",
        facets=("account_id", "report", "severity"),
        indexes=(("severity",),),
        is_derived=True,
        compared=None,
    ),
    Table(
        "reports",
        "The reports that were counted: what each was called then.",
        (
            Column("name", "The report.", required=True),
            Column("title", "Its title.", required=True),
            Column("category", "Its category.", required=True),
            Column(
                "severity", "What its rows mean, unless one has its own severity.", required=True
            ),
        ),
        key=("name",),
        label="title",
        facets=("category", "severity"),
        is_derived=True,
        compared=None,
    ),
    Table(
        "report_counts",
        "How many rows of each severity each report had in each account when it was last "
        "collected.",
        (
            Column("report", "The report.", required=True),
            _ACCOUNT,
            Column("severity", "What such a row means.", required=True),
            Column("rows", "Its rows of this severity.", INTEGER, required=True),
            Column("fingerprint", "Of the report's SQL as it was then.", required=True),
            Column("unread", "Parts that it rests on but that could not be read."),
        ),
        key=("report", "account_id", "severity"),
        facets=("account_id", "report", "severity"),
        is_derived=True,
        compared=None,
    ),
    Table(
        "changes",
        "What each collect found otherwise than the one before.",
        (
            Column("id", "Number of the change.", INTEGER, required=True),
            Column("changed_at", "When the collect that saw it ended.", TIME, required=True),
            _ACCOUNT,
            Column("what", "The table that it is in.", required=True),
            Column("key", "The key of the row there.", required=True),
            Column("name", "Its name, the new one if that changed."),
            Column("iam_id", "The identity whose history it belongs to."),
            Column("access_group_id", "The access group whose history it belongs to."),
            Column("change", "added, removed or changed.", required=True),
            Column("before", "What it was, as far as it differs.", JSON),
            Column("after", "What it is, as far as it differs.", JSON),
        ),
        key=("id",),
        label="name",
        facets=("account_id", "what", "change"),
        indexes=(("what", "key"), ("iam_id",), ("access_group_id",)),
        is_history=True,
        compared=None,
    ),
    Table(
        "finding_history",
        "How many findings of each severity each report had, from a moment on until the next row.",
        (
            Column("changed_at", "When the collect that counted them ended.", TIME, required=True),
            _ACCOUNT,
            Column("report", "The report.", required=True),
            Column(
                "severity",
                "What such a row means; empty: as the report, by an earlier version.",
                required=True,
                default="",
            ),
            Column("rows", "Its rows of this severity.", INTEGER, required=True),
            Column("acknowledged", "Those that somebody accepted.", INTEGER, required=True),
        ),
        key=("account_id", "report", "severity", "changed_at"),
        facets=("account_id", "report"),
        is_history=True,
        compared=None,
    ),
    Table(
        "facts",
        "The tables that each collect derives anew from the others, and what they rest on.",
        (
            Column("name", "The table.", required=True),
            Column("title", "What it says.", required=True),
            Column("grain", "What one row of it is.", required=True),
            Column("rests_on", "The tables it is made from, facts among them.", JSON),
            Column("errs", "Where it can be wrong, and on which side."),
        ),
        key=("name",),
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
