"""The IBM Cloud services that are asked, and where each of them lives.

The variables are those that IBM's Terraform provider reads; a value may carry a path prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..errors import SettingError


@dataclass(frozen=True)
class Service:
    """One service: the variable that overrides its base URL, its public and private host."""

    title: str
    variable: str
    public: str
    private: str


IAM = Service(
    "IAM",
    "IBMCLOUD_IAM_API_ENDPOINT",
    "https://iam.cloud.ibm.com",
    "https://private.iam.cloud.ibm.com",
)
ACCOUNTS = Service(
    "Account Management",
    "IBMCLOUD_ACCOUNT_MANAGEMENT_API_ENDPOINT",
    "https://accounts.cloud.ibm.com",
    "https://private.accounts.cloud.ibm.com",
)
USERS = Service(
    "User Management",
    "IBMCLOUD_USER_MANAGEMENT_ENDPOINT",
    "https://user-management.cloud.ibm.com",
    "https://private.user-management.cloud.ibm.com",
)
RESOURCE_CONTROLLER = Service(
    "Resource Controller",
    "IBMCLOUD_RESOURCE_CONTROLLER_API_ENDPOINT",
    "https://resource-controller.cloud.ibm.com",
    "https://private.resource-controller.cloud.ibm.com",
)
RESOURCE_MANAGER = Service(
    "Resource Manager",
    "IBMCLOUD_RESOURCE_MANAGEMENT_API_ENDPOINT",
    "https://resource-controller.cloud.ibm.com",
    "https://private.resource-controller.cloud.ibm.com",
)
RESTRICTIONS = Service(
    "Context-based restrictions",
    "IBMCLOUD_CONTEXT_BASED_RESTRICTIONS_ENDPOINT",
    "https://cbr.cloud.ibm.com",
    "https://private.cbr.cloud.ibm.com",
)
TAGGING = Service(
    "Global Tagging",
    "IBMCLOUD_GT_API_ENDPOINT",
    "https://tags.global-search-tagging.cloud.ibm.com",
    "https://tags.private.global-search-tagging.cloud.ibm.com",
)
SEARCH = Service(
    "Global Search",
    "IBMCLOUD_GS_API_ENDPOINT",
    "https://api.global-search-tagging.cloud.ibm.com",
    "https://api.private.global-search-tagging.cloud.ibm.com",
)
ENTERPRISE = Service(
    "Enterprise Management",
    "IBMCLOUD_ENTERPRISE_API_ENDPOINT",
    "https://enterprise.cloud.ibm.com/v1",
    "https://private.enterprise.cloud.ibm.com/v1",
)
SERVICES = (
    *(IAM, ACCOUNTS, USERS, RESOURCE_CONTROLLER, RESOURCE_MANAGER),
    *(RESTRICTIONS, TAGGING, SEARCH, ENTERPRISE),
)

_DEFAULT_PORTS = {"https": 443, "http": 80}


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL, the default port filled in: what a token is bound to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)


def base_url(service: Service, environ: Mapping[str, str]) -> str:
    """Base URL of a service without a trailing slash.

    Raises SettingError if the variable holds no URL, or plain http to another machine.
    """
    value = environ.get(service.variable, "").strip()
    if not value:
        return service.private if _private(environ) else service.public
    try:
        parts = urlsplit(value)
        valid = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.username or parts.query or parts.fragment:
        raise SettingError(
            f"{service.variable} is not a base URL such as {service.public}; "
            "correct it or unset it."
        )
    if parts.scheme == "http" and not is_loopback(value):
        raise SettingError(
            f"{service.variable} would send the token to {parts.hostname} unencrypted; "
            "use an https URL (plain http is accepted for this machine only)."
        )
    return value.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def known_origins(service: Service, base: str) -> set[tuple[str, str, int | None]]:
    """Origins that a service may name in its links: the one asked, and its own other hosts.

    A private host may name the public one. Links are never followed as they stand, only
    their paging token is used, so this decides what is refused, not where a token is sent.
    """
    known = {origin(base)}
    if base in (service.public, service.private):
        known |= {origin(service.public), origin(service.private)}
    return known


def _private(environ: Mapping[str, str]) -> bool:
    visibility = environ.get("IBMCLOUD_VISIBILITY", "").strip() or "public"
    if visibility not in ("public", "private"):
        raise SettingError('IBMCLOUD_VISIBILITY must be "public" or "private".')
    return visibility == "private"
