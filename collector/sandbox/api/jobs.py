"""Reports that are made on request: asked for with POST, fetched once they are ready."""

import threading
from dataclasses import dataclass

from ..account.naming import hex_of


@dataclass
class _Job:
    reference: str
    duration: int  # hours; 0 for a report about a moment
    started: int
    asked: int = 0


class Jobs:
    """What one sandbox was asked to report; a new report takes the place of the last of its kind.

    `delays` is how often each report is not ready when it is asked for; None: it never is. Safe
    to share between the threads of the server.
    """

    def __init__(self, delays):
        self._delays = delays
        self._lock = threading.Lock()
        self._count = 0
        self._jobs = {}  # (kind, account id): the newest

    def start(self, kind, account_id, now, duration=0):
        """The reference of a new report."""
        with self._lock:
            self._count += 1
            reference = hex_of("report", kind, account_id, self._count)
            self._jobs[kind, account_id] = _Job(reference, duration, now)
        return reference

    def find(self, kind, account_id, reference):
        """(job, whether it is ready now) for a reference or `latest`; (None, False) without one."""
        with self._lock:
            job = self._jobs.get((kind, account_id))
            if job is None or reference not in ("latest", job.reference):
                return None, False
            job.asked += 1
            return job, self._delays is not None and job.asked > self._delays
