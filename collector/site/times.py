"""Moments as the file has them, and as people read them."""

from __future__ import annotations

from datetime import datetime, timezone


def parsed(time: str) -> datetime:
    """2026-03-05T16:02:11Z as a moment in UTC."""
    return datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(timezone.utc)


def moment(time: str | None) -> str:
    """2026-03-05T16:02:11Z as people read it: 5 March 2026, 16:02 UTC."""
    if not time:
        return ""
    at = parsed(time)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def day(time: str) -> str:
    """The day of a time as people read it: 5 March 2026."""
    return moment(time).partition(",")[0]
