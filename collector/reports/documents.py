"""Where the documents stand that reports refer to, as far as they stand anywhere in public.

Addresses as IBM's documentation itself links them, in the state of August 2026. What has no page
of its own is not here, and stays text: so does the CIS benchmark, which is handed out on request.
"""

from __future__ import annotations

_BY = "IBM Cloud Docs: "
_DOCS = "https://cloud.ibm.com/docs/"
_PAGES = {
    "Activity tracking events for Code Engine": "codeengine?topic=codeengine-at_events",
    "Activity tracking events for IAM": "iam?topic=iam-at_events_iam",
    "Activity tracking events for Projects": "secure-enterprise?topic=secure-enterprise-at_events",
    "Activity tracking events for Schematics": "schematics?topic=schematics-at_events",
    "Activity tracking events for Secrets Manager": (
        "secrets-manager?topic=secrets-manager-at_events"
    ),
    "Activity tracking events for VPC": "vpc?topic=vpc-at_events",
    "Activity tracking events for account management": "account?topic=account-at_events_am",
    "Adding and viewing credentials": "account?topic=account-service_credentials",
    "Assigning access to account management services": "iam?topic=iam-account-services",
    "Auditing access policies": "iam?topic=iam-iam-audit-policies",
    "Best practices for organizing resources and assigning access": (
        "account?topic=account-account_setup"
    ),
    "Creating IAM credentials": "secrets-manager?topic=secrets-manager-iam-credentials",
    "Creating and working with service IDs": "iam?topic=iam-serviceids",
    "Creating custom roles": "iam?topic=iam-custom-roles",
    "Creating trusted profiles": "iam?topic=iam-create-trusted-profile",
    "Enabling authentication from an external identity provider": (
        "iam?topic=iam-ibm-idp-integration"
    ),
    "IAM condition properties": "iam?topic=iam-iam-condition-properties",
    "IAM roles and actions": "iam?topic=iam-iam-service-roles-actions",
    "IBM Cloud IAM limits": "iam?topic=iam-cloudaccess#iam_limits",
    "Identifying inactive identities": "iam?topic=iam-id-inactive-identities",
    "Inviting users to an account": "iam?topic=iam-iamuserinv",
    "Limiting access with time-based conditions": "iam?topic=iam-iam-time-based",
    "Managing access to resources": "iam?topic=iam-assign-access-resources",
    "Managing service ID API keys": "iam?topic=iam-serviceidapikeys",
    "Managing user API keys": "iam?topic=iam-userapikey",
    "Removing users from an account": "iam?topic=iam-iamuserinv#remove-user-acount-ui",
    "Setting up access groups": "iam?topic=iam-groups",
    "Updating trusted profiles": "iam?topic=iam-trusted-profile-update",
    "Using authorizations to grant access between services": "iam?topic=iam-serviceauth",
    "Using trusted profiles to authorize a project": (
        "secure-enterprise?topic=secure-enterprise-tp-project"
    ),
    "What are context-based restrictions": "iam?topic=iam-context-restrictions-whatis",
    "What makes a good access group strategy": (
        "account?topic=account-account_setup#accessgroup_strategy"
    ),
    "Working with trusted profiles in Code Engine": "codeengine?topic=codeengine-trusted-profiles",
}


def document_url(reference: str) -> str | None:
    """The public address of what a report refers to; None if it has none that is known."""
    by, _, title = reference.partition(_BY)
    page = None if by else _PAGES.get(title)
    return page and _DOCS + page
