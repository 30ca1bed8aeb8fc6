"""Cuts what is too long for its box so that what sets it apart is seen.

A text is parted in two: the browser, which alone knows how wide letters are, cuts the end of the
first part, and shows the second.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from os.path import commonprefix

ENDING = 24  # characters of a policy's target that are seen however long it is
SHORT = 10  # of a name that nothing else begins like
BEFORE = 2  # characters before the first that differs, so that one sees where it stands


def with_ending(text: str) -> tuple[str, str]:
    """A text in two: where there is too little room, the first is cut and the second seen."""
    text = " ".join(text.split())
    start, end = text[:-ENDING], text[-ENDING:]
    if start and " " in end:
        more, _, end = end.partition(" ")
        return start + more, f" {end}"
    # A word of another script stays whole: its letters may join or stand upon each other.
    return (start, end) if start and end.isascii() else (text, "")


def labels(names: Sequence[str], room: int) -> dict[str, tuple[str, str]]:
    """Each name in two parts, of which all that is seen with so many letters differs.

    A name that fits is one part. Others keep their last letters; of those that begin alike and
    differ beyond what is seen of the beginning, the second part begins where they differ.
    """
    texts = {name: " ".join(name.split()) for name in names}
    long = sorted({text for text in texts.values() if len(text) > room})
    parted = {text: _parted(text, long, room) for text in long}
    return {name: parted.get(text, (text, "")) for name, text in texts.items()}


def _parted(text: str, others: Sequence[str], room: int) -> tuple[str, str]:
    shared = {len(commonprefix((text, other))) for other in others if other != text}
    # Counted from the end, as of all names, or where this one and another part.
    places = [-SHORT, *sorted(at - BEFORE for at in shared if at > BEFORE)]
    places = [at for at in places if _may_be_cut(text, at % len(text))]
    if not places:
        return text, ""

    def alike(at: int) -> int:
        return sum(_seen(text, at, room) == _seen(other, at, room) for other in others)

    best = min(places, key=alike)  # the first of the best
    return text[:best], text[best:]


def _seen(text: str, at: int, room: int) -> tuple[str, str]:
    """What the browser has room for of a text that is parted here."""
    end = text[at:][: room // 2]
    return text[:at][: room - len(end) - 1], end


def _may_be_cut(text: str, at: int) -> bool:
    """Whether two letters can stand apart: not if they join, or if one stands upon the other."""
    return all(
        unicodedata.bidirectional(letter) not in ("R", "AL", "NSM")
        and unicodedata.category(letter) not in ("Mn", "Mc", "Me", "Cf", "Sk", "So")
        for letter in text[max(at - 1, 0) : at + 1]
    )
