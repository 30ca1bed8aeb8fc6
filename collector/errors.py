"""Every error that a user can meet: one family, each with its sentence and exit code.

An error is raised where the facts are and shown by cli/ alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class InsightsError(Exception):
    """Base of all expected failures; its text is one sentence that says what to do."""

    exit_code = 1


class CredentialError(InsightsError):
    """No usable token or API key."""


class SettingError(InsightsError):
    """An environment variable holds something that cannot be used."""


class RequestError(InsightsError):
    """IBM Cloud could not be reached, or answered with something that cannot be used."""


class Unavailable(RequestError):
    """No answer, half an answer, or one that says to come back later: worth asking again.

    `retry_after` is how long the service wants to be left alone, in seconds; None if it did
    not say.
    """

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Refused(InsightsError):
    """IBM Cloud refused one request: any 4xx but 401, which refuses all, and what may pass."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


class ObjectError(InsightsError):
    """An object of the API lacks its identifier or is not an object at all."""


class DatabaseError(InsightsError):
    """The database file cannot be written, or is not ours to write."""


class ReportError(InsightsError):
    """A report file or metadata.yml cannot be used; the text names file and key."""


class FilterError(InsightsError):
    """An address asks a report for what it has not; the text names column and comparison.

    `report_url` is the address of the report with its own parameters alone, where it is known.
    """

    report_url = ""


class NameUnresolved(InsightsError):
    """A name stands for several things or for none; the text lists them, or what is close to it.

    `things` are those (of resolve.py), and `is_ambiguous` says whether the name stands for each of
    them; otherwise they are suggestions.
    """

    exit_code = 2

    def __init__(self, sentence: str, things: Sequence[Any], is_ambiguous: bool) -> None:
        listed = "".join(f"\n  {thing}" for thing in things)
        super().__init__(sentence + listed)
        self.sentence, self.things, self.is_ambiguous = sentence, tuple(things), is_ambiguous


class AcknowledgementError(InsightsError):
    """The file of acknowledged findings cannot be used; the text names file and entry."""


class ChangeError(InsightsError):
    """A change to try cannot be made; the text names what is wrong with it and what is possible."""


class NotReady(InsightsError):
    """A report that IBM Cloud has not finished yet: it can be asked for again."""


class CheckError(InsightsError):
    """A file to check or a file of rules cannot be used; the text names file and line."""
