"""Reports of statements: “…,” the minister said, according to the agency.

The pipeline marks everything before "according to" as one content. The original speaker matters more than the agency.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from .cues import read_cue
from .roles import Roles

if TYPE_CHECKING:
    from .text import Stretch, Text

SAYING = frozenset({"say", "tell", "add", "announce", "warn", "insist", "explain"})
"""Classes of the verbs that introduce the original statement."""
BEFORE_VERBS = frozenset({"also", "later", "then", "previously", "earlier", "repeatedly", "has", "have", "had"})
LONGEST_SOURCE = 12
"""In words, for the noun phrase before such a verb."""
NEAR = 3
"""In words, between "according to" and its content."""


def unwrap_reports(text: Text, roles: Roles) -> Roles:
    """Replace contents of "according to" that are attributions themselves."""
    number = 0
    while number < len(roles.cues):
        cue = roles.cues[number]
        content = _content_before(roles, cue) if read_cue(text, cue).cue_class == "according" else None
        parts = _split_parts(text, *content) if content else None
        if content and parts:
            # The report's cue was removed, so the next cue now has its number.
            roles = _replace_report(roles, number, content, *parts)
        else:
            number += 1
    return roles


def _content_before(roles: Roles, cue: Stretch) -> Stretch | None:
    at = bisect_left(roles.contents, cue)
    content = roles.contents[at - 1] if at else None
    return content if content and 0 <= cue[0] - content[1] <= NEAR else None


def _split_parts(text: Text, begin: int, end: int) -> tuple[Stretch, Stretch, Stretch] | None:
    """Split an attribution that fills a stretch into source, cue and content."""
    quotation = text.quotation(begin)
    first = quotation.end if quotation and quotation.mark == begin else begin
    if first >= end:
        return None
    verb = next((i for i in range(first + 1, min(first + LONGEST_SOURCE, end)) if _is_saying(text, i)), None)
    if verb is None or any(text.words[i] in (",", ";", ":") for i in range(first, verb)):
        return None
    content = (begin, first) if first > begin else (verb + 1, end)
    last = verb
    while last - first > 1 and text.lower[last - 1] in BEFORE_VERBS:
        last -= 1
    return ((first, last), (last, verb + 1), content) if content[0] < content[1] else None


def _is_saying(text: Text, i: int) -> bool:
    if text.is_quoted(i) or not text.lower[i].endswith(("d", "s")):
        return False
    read = read_cue(text, (i, i + 1))
    return read.kind == "verb" and read.cue_class in SAYING


def _replace_report(roles: Roles, report: int, old: Stretch, source: Stretch, cue: Stretch, content: Stretch) -> Roles:
    """Replace the report's cue and content by the parts of the original statement."""
    kept = roles.without(cues={report})
    contents = [each for each in kept.contents if each != old]
    return Roles(sorted([*kept.sources, source]), sorted([*kept.cues, cue]), sorted([*contents, content]))
