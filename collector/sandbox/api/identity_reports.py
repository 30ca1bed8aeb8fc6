"""The reports of IAM Identity: who has MFA, and who was not seen for long."""

from datetime import timedelta

from ..account.naming import ABSENT, hex_of
from .activity import clock, last_login, minutes
from .errors import ApiError
from .exchange import Reply

_OLDER = timedelta(days=2)


def start_mfa_report(request):
    """`POST …/mfa/…/report`: asks for a report and names it."""
    request.check_account(request.variables["account_id"])
    request.choice("type", ("mfa_status",), "mfa_status")
    return _started(request, "mfa")


def mfa_report(request):
    """A report on the MFA of all users, once it is ready."""
    reference, _, made = _fetch(request, "mfa")
    if reference is None:
        return Reply(None, status=204)
    account = request.account
    traits = {row["iam_id"]: row["mfa"] for row in account.identity_options["user_mfa"]}
    return {
        "created_by": request.caller,
        "reference": reference,
        "report_time": minutes(made),
        "account_id": account.account_id,
        "ims_account_id": account.details.get("linked_softlayer_account", ""),
        "users": [
            _mfa_of(account, person, traits.get(person["iam_id"]))
            for person in account.users
            if "iam_id" in person and person.get("state") != "PENDING"
        ],
    }


def start_activity_report(request):
    """`POST …/activity/…/report`: asks for a report on so many hours and names it."""
    request.check_account(request.variables["account_id"])
    request.choice("type", ("inactive",), "inactive")
    return _started(request, "activity", request.number("duration", 720, lowest=1))


def activity_report(request):
    """A report on whoever did not authenticate within the hours asked for, once it is ready."""
    reference, hours, made = _fetch(request, "activity")
    if reference is None:
        return Reply(None, status=204)
    account, begin = request.account, minutes(made - timedelta(hours=hours))

    def inactive(rows, shape):
        """The rows not seen since `begin`. Times of one form compare like the moments."""
        for row in rows:
            when, _ = last_login(account, row, minutes(made))
            if when is None or when < begin:
                yield shape(row) | ({"last_authn": when} if when else {})

    return {
        "created_by": request.caller,
        "reference": reference,
        "report_duration": str(hours),
        "report_start_time": begin,
        "report_end_time": minutes(made),
        "users": list(inactive([row for row in account.users if "iam_id" in row], _person)),
        "apikeys": list(inactive(account.api_keys, lambda key: _key(account, key))),
        "serviceids": list(inactive(account.service_ids, _machine)),
        "profiles": list(inactive(account.profiles, _machine)),
    }


def _started(request, kind, duration=0):
    account_id = request.account.account_id
    moment = int(clock(request).timestamp())
    reference = request.jobs.start(kind, account_id, moment, duration)
    return Reply({"reference": reference}, status=202)


def _fetch(request, kind):
    """(reference, hours, moment) of the report asked for; three times None: it is not ready.

    Until the newest is ready, `latest` is the one before, if there is one.
    """
    request.check_account(request.variables["account_id"])
    account, wanted = request.account, request.variables["reference"]
    job, ready = request.jobs.find(kind, account.account_id, wanted)
    if job is not None and ready:
        return job.reference, job.duration, clock(request)
    if account.older_reports and wanted == "latest":
        reference = hex_of("older report", kind, account.account_id)
        return reference, 720, clock(request) - _OLDER
    if job is None:
        raise ApiError("not_found", "The report does not exist, or a newer one replaced it.")
    return None, None, None


def _mfa_of(account, person, trait):
    default = account.identity_options.get("mfa", "NONE")
    state = account.mfa_states.get(person["iam_id"], {"complies": True, "fields": {}})
    own = {} if trait is None else {"trait_user_specific": trait}
    row = {
        **_person(person),
        "effective_mfa_type": "id_based_mfa",
        "id_based_mfa": {
            "trait_account_default": default,
            **own,
            "trait_effective": trait or default,
            "complies": state["complies"],
            "comply_state": "ACCOUNT" if state["complies"] else "NO",
        },
        "account_based_mfa": {
            **{
                factor: {"required": False, "enrolled": False}
                for factor in ("security_questions", "totp", "verisign")
            },
            "complies": True,
        },
        **state["fields"],
    }
    return {key: value for key, value in row.items() if value is not ABSENT}


def _person(person):
    name = f"{person.get('firstname', '')} {person.get('lastname', '')}".strip()
    row = {
        "iam_id": person["iam_id"],
        "name": name,
        "username": person.get("user_id", ""),
        "email": person.get("email"),
    }
    return {key: value for key, value in row.items() if value is not None}


def _machine(row):
    return {key: row[key] for key in ("id", "name") if key in row}


def _key(account, key):
    """A key with its owner, of whom nothing but the id is known once they are gone."""
    iam_id = key.get("iam_id", "")
    owner = account.identities.get(iam_id, {})
    if iam_id.startswith("iam-"):
        robot = {"id": iam_id.removeprefix("iam-"), **_machine(owner)}
        return {**_machine(key), "type": "serviceid", "serviceid": robot}
    person = _person(owner) if owner else {"iam_id": iam_id}
    return {**_machine(key), "type": "user", "user": person}
