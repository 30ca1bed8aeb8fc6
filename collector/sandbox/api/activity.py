"""When somebody last authenticated, as IAM Identity tells it of one identity or of all."""

from datetime import datetime, timezone

from ..account.settings import login_key


def clock(request):
    """The moment (UTC) at which a report is made: the account's own day, if it has one."""
    if request.account.today:
        return datetime.fromisoformat(f"{request.account.today}T08:00+00:00")
    return datetime.fromtimestamp(request.now, timezone.utc)


def minutes(moment):
    """A moment in the form of IAM Identity."""
    return moment.strftime("%Y-%m-%dT%H:%M+0000")


def last_login(account, row, otherwise):
    """(time, number of times) of authentication; `otherwise` is the time if nothing is said."""
    return account.logins.get(login_key(row)) or (otherwise, 1)


def with_activity(request, shown, row):
    """`shown` with what `include_activity` adds to a single identity or key."""
    if not request.flag("include_activity"):
        return shown
    when, count = last_login(request.account, row, _an_hour_ago(request))
    activity = {"authn_count": count} | ({"last_authn": when} if when else {})
    return {**shown, "activity": activity}


def _an_hour_ago(request):
    return minutes(datetime.fromtimestamp(clock(request).timestamp() - 3600, timezone.utc))
