"""Cleaning repeated until nothing changes, so that a cleaned body is clean."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from onrecord import Cleaner, Draft, Stretch

_BUDGET = 1_000_000
"""In characters, for all rounds: enough for hundreds of rounds of an article, which needs two or three."""
_CHARACTERS_PER_LINE = 40
"""Characters that take as long as the overhead of a line."""
_FEWEST_ROUNDS = 3
"""For texts longer than the budget."""


class TextCleaner(Cleaner):
    """A cleaner that judges lines by their neighbors, which other cleaners may cut.

    `Fixpoint` runs it again, since its verdicts may change.
    """


class Fixpoint(Cleaner):
    """Repeat the text cleaners on their own result until they cut nothing more.

    "Share" before "by Ann Lee" is the first word of a sentence until the byline is cut; then it is a button. Only
    cleaners that ran on the draft are repeated, so a disabled cleaner stays disabled.
    """

    name, version, order = "fixpoint", "1", 650

    def clean(self, draft: Draft) -> None:
        if all(stretch.kind == "body" and not stretch.continues for stretch in draft.stretches):
            return
        cleaners = [each for each in draft.cleaners if isinstance(each, TextCleaner) and each.order < self.order]
        budget = max(_BUDGET, _FEWEST_ROUNDS * _estimate_effort(draft))
        while budget > 0:
            body, origins = _extract_body(draft, {cleaner.name for cleaner in cleaners})
            for cleaner in cleaners:
                body.cleaner = cleaner.name
                cleaner.clean(body)
            if not _apply_verdicts(draft, body, origins):
                return
            budget -= _estimate_effort(body)


def _estimate_effort(draft: Draft) -> int:
    return len(draft.text) + _CHARACTERS_PER_LINE * len(draft.stretches)


def _extract_body(draft: Draft, repeated: set[str]) -> tuple[Draft, list[tuple[int, Stretch]]]:
    """Return the body as a new draft, and where in it the stretches of `draft` begin.

    Subheadings and side boxes keep their verdict unless a repeated cleaner passed it.
    """
    kept = list(draft.body())
    joined = {after.start for before, after in pairwise(kept) if after.continues and before.in_box == after.in_box}
    parts: list[str] = []
    origins: list[tuple[int, Stretch]] = []
    length = 0
    for stretch in sorted(kept, key=lambda each: each.in_box):
        gap = "" if not parts else " " if stretch.start in joined else "\n\n"
        origins.append((length + len(gap), stretch))
        parts += [gap, draft.words(stretch)]
        length += len(gap) + stretch.end - stretch.start
    body = Draft(draft.document, headline=draft.headline, byline=draft.byline, credit=draft.credit)
    body.read("".join(parts))
    by_start = dict(origins)
    for paragraph in body.stretches:
        origin = by_start[paragraph.start]
        if origin.kind != "body" and origin.cleaner not in repeated:
            paragraph.kind, paragraph.reason, paragraph.cleaner = origin.kind, origin.reason, origin.cleaner
    return body, origins


def _apply_verdicts(draft: Draft, body: Draft, origins: list[tuple[int, Stretch]]) -> bool:
    """Apply the verdicts on the body to `draft`; returns whether any text was cut."""
    draft.headline, draft.byline, draft.credit = body.headline, body.byline, body.credit
    draft.dateline = draft.dateline or body.dateline
    signed = draft.cleaner
    cut = False
    starts = [start for start, _ in origins]
    # Last to first, since a split moves only what follows it.
    for judged in reversed(body.stretches):
        if judged.kind == "body" or judged.reason is None:
            continue
        cut = cut or not judged.in_body
        for start, stretch in origins[bisect_right(starts, judged.start) - 1 :]:
            if start >= judged.end:
                break
            if judged.in_body and stretch.kind != "body":
                continue
            moved = stretch.start - start
            if judged.start > start:
                _, stretch = draft.split(stretch, judged.start + moved)
            if judged.end + moved < stretch.end:
                stretch, _ = draft.split(stretch, judged.end + moved)
            draft.cleaner = judged.cleaner or signed
            draft.mark(stretch, judged.kind, judged.reason)
    draft.cleaner = signed
    return cut
