"""What became of a part of a collect, and what each trouble on the way costs.

The one place that decides it:

=================================================================  ==============================
what happens                                                       what it costs
=================================================================  ==============================
401; a page that is not JSON; a next page that cannot be followed  the collect: nothing is written
of a part in MAIN a 4xx of a later page: its listing breaks off    the collect
of a part in MAIN no answer, or 5xx, after all retries             the collect
the same of any other part                                         what was asked for
403, or 404 of a listing itself                                    what was asked for
any other 4xx, or an empty object for an answer                    what was asked for
a report that is not ready in time                                 what was asked for
404 of what is asked for each object of another part               nothing: that object is gone
the same for each of several such objects                          what was asked for: a refusal
an object that lacks its identifier, or is none                    that object
fewer objects than the answer says that there are                  those that are missing
null or nothing where a list is expected                           nothing: the list is empty
=================================================================  ==============================

Whatever is refused, its fallback is asked first.

A part that lost nothing is `ok`. One that lost something is `partial` if anything of it was read:
what was read takes the place of the old rows. Else it is `denied` or `failed`, and the old rows
stay. Old and new rows of one part never mix.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

OK, PARTIAL, DENIED, FAILED = "ok", "partial", "denied", "failed"

#: Parts that say who there is, what there is and who may do what: a file without one of them
#: would be taken for an account without it. If IBM Cloud never answers for one, nothing is written.
MAIN = frozenset(
    {
        *("accounts", "users", "serviceids", "serviceid_groups", "apikeys"),
        *("trustedprofiles", "trustedprofile_links"),
        *("trustedprofile_rules", "trustedprofile_identities"),
        *("access_groups", "access_group_members", "access_group_rules"),
        *("policies", "roles", "resource_groups", "resource_service_instances"),
    }
)

_SHOWN = 3  # one of two thousand profiles is like the next


class Cost(Enum):
    """What a trouble costs; the table above."""

    NOTHING = "nothing"
    GONE = "the object that was asked about is gone"
    REQUEST = "what the request would have brought"
    COLLECT = "the collect"


class Asked(Protocol):
    """What must be known of a request to say what its refusal costs."""

    @property
    def part(self) -> str:
        """The part of a collection that it is for."""

    @property
    def optional(self) -> tuple[int, ...]:
        """Status codes that mean that the account has no such feature."""

    @property
    def each(self) -> object | None:
        """What it is asked for once for each of; None for a listing."""


def cost_of_refusal(asked: Asked, status: int, later_page: bool) -> Cost:
    """What a 4xx costs; its fallback, if there is one, was refused too."""
    if status in asked.optional:
        return Cost.NOTHING
    if status == 404 and asked.each is not None:
        return Cost.GONE
    return Cost.COLLECT if later_page and asked.part in MAIN else Cost.REQUEST


def cost_of_silence(asked: Asked) -> Cost:
    """What it costs that no usable answer came, however often it was asked for."""
    return Cost.COLLECT if asked.part in MAIN else Cost.REQUEST


class Loss(Enum):
    """Why something is missing in a part, and how one or more that are not named are counted."""

    DENIED = ("1 more request was denied.", "{more} more requests were denied.")
    FAILED = ("1 more request failed.", "{more} more requests failed.")
    SHORT = ("1 more list was incomplete.", "{more} more lists were incomplete.")
    LEFT_OUT = ("and 1 more", "and {more} more")
    UNASKED = ("1 more could not be requested.", "{more} more could not be requested.")


@dataclass
class Step:
    """What became of one part: kept as a row of collection_steps.

    `messages` hold the losses too once the step is concluded; what is said there of a part that
    is ok is a remark. `roles` are those that would have allowed what was refused.
    """

    part: str
    status: str = OK
    started_at: str | None = None
    finished_at: str | None = None
    requests: int = 0
    pages: int = 0
    rows: int = 0
    retries: int = 0
    messages: list[str] = field(default_factory=list)
    roles: set[str] = field(default_factory=set)
    losses: Mapping[Loss, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def keeps_old_rows(self) -> bool:
        """Whether nothing of the part was read, so that what the file has of it stays."""
        return self.status in (DENIED, FAILED)

    def lose(self, loss: Loss, message: str) -> None:
        """Note that something is missing, and what is to be said of it."""
        self.losses[loss].append(message)

    def conclude(self, rows: int) -> None:
        """Decide the status of a part that brought so many rows, and say what it lacks."""
        self.rows = rows
        lost = [loss for loss in Loss if self.losses[loss]]
        if not lost:
            return
        if rows or lost == [Loss.UNASKED]:
            self.status = PARTIAL
        else:
            self.status = DENIED if Loss.DENIED in lost else FAILED
        for loss in lost:
            self.messages += _said(loss, self.losses[loss])


def _said(loss: Loss, losses: list[str]) -> list[str]:
    """The first of the losses in words, and the number of all."""
    shown = list(dict.fromkeys(losses))[:_SHOWN]
    more = len(losses) - len(shown)
    counted = [loss.value[more > 1].format(more=more)] if more else []
    if loss is not Loss.LEFT_OUT:
        return shown + counted
    objects = "1 object was" if len(losses) == 1 else f"{len(losses)} objects were"
    return [f"{objects} left out: {'; '.join(shown + counted)}."]
