"""Identifiers and times in the forms IBM Cloud writes them, made from names.

Nothing here asks a clock or a random generator: the same name always gives the same
identifier, so a sample account is the same on every machine and in every run.
"""

import re
import unicodedata
import uuid
from hashlib import sha256


class _Absent:
    """The type of ABSENT; it has a name of its own so that it reads well in messages."""

    def __repr__(self):
        return "ABSENT"


#: As the value of a field: the object is sent without that field.
ABSENT = _Absent()

# Times by service: IAM Identity sends minutes and no colon in the zone, policies and access
# groups milliseconds, the Resource Controller nanoseconds.
MINUTES, MILLISECONDS, NANOSECONDS = "minutes", "milliseconds", "nanoseconds"

#: When things happened for which nothing else is said.
DEFAULT_DAY = "2024-03-05"

# Letters that are no plain letter with a mark, so that Unicode does not take them apart.
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "ı": "i", "đ": "d"})

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME_FIELD = re.compile(r"_(at|on|time|date)$")


def _digest(*parts):
    return sha256("\x1f".join(map(str, parts)).encode()).digest()


def uuid_of(*parts):
    """A version 4 UUID, the kind IBM Cloud hands out, that depends on nothing but `parts`."""
    return str(uuid.UUID(bytes=_digest(*parts)[:16], version=4))


def hex_of(*parts, length=32):
    """Lower-case hexadecimal digits, the form of account and resource group ids."""
    return _digest(*parts).hex()[:length]


def number_of(*parts, below):
    """A whole number from 0 to `below` - 1."""
    return int.from_bytes(_digest(*parts)[:8], "big") % below


def user_iam_id(realm, login):
    """The IAM ID of a person: realm, hyphen, and what that realm calls them.

    It depends on the person and not on the account, because one person keeps the same
    IAM ID in every account.
    """
    if realm == "SL":
        return f"SL-{1_000_000 + number_of(realm, login, below=9_000_000)}"
    return f"{realm}-66{hex_of(realm, login, length=8).upper()}"


def slug(text, separator="-"):
    """ASCII letters and digits of `text`; a text without any (Cyrillic, emoji) gets a number."""
    spelled = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    plain = spelled.encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    return separator.join(words) or f"n{number_of(text, below=10_000)}"


def moment(day, precision, *seed):
    """The day `YYYY-MM-DD` as a time during working hours, in the precision of a service."""
    seconds = 7 * 3600 + number_of(day, *seed, below=10 * 3600)
    minute = f"{day}T{seconds // 3600:02}:{seconds // 60 % 60:02}"
    if precision == MINUTES:
        return f"{minute}+0000"
    digits = 3 if precision == MILLISECONDS else 9
    fraction = number_of("fraction", day, *seed, below=10**digits)
    return f"{minute}:{seconds % 60:02}.{fraction:0{digits}}Z"


def api_object(defaults, fields, precision, *seed):
    """One API object: `fields` over `defaults`, without the ABSENT ones, with whole times.

    A time field may be given as a bare day, which becomes a time in the service's own form;
    any other value is sent as it is.
    """
    merged = {key: value for key, value in {**defaults, **fields}.items() if value is not ABSENT}
    for key, value in merged.items():
        if isinstance(value, str) and _TIME_FIELD.search(key) and _DATE.fullmatch(value):
            merged[key] = moment(value, precision, *seed)
    return merged


def make_crn(service, account_id="", *, region="", instance="", kind="", resource=""):
    """A cloud resource name: ten segments, the empty ones kept."""
    scope = f"a/{account_id}" if account_id else ""
    return f"crn:v1:bluemix:public:{service}:{region}:{scope}:{instance}:{kind}:{resource}"


def identifier(thing):
    """What policies and memberships call a thing: IAM ID, GUID or id; a string is one already."""
    if not isinstance(thing, dict):
        return thing
    return next(thing[key] for key in ("iam_id", "guid", "id") if key in thing)


def given(fields, name, otherwise):
    """The field as the caller gave it, or `otherwise`: what other fields are derived from."""
    value = fields.get(name)
    return otherwise if value in (None, ABSENT) else value


def creation_day(fields):
    """The day in `created_at`, which is also the day of the last change unless that is given."""
    return given(fields, "created_at", DEFAULT_DAY)
