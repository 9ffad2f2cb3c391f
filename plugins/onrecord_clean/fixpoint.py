"""Cleaning repeated on its own result until nothing changes, so that a cleaned body is clean."""

from __future__ import annotations

import threading
from bisect import bisect_right
from itertools import pairwise

from onrecord import Cleaner, Draft, Stretch

_BUDGET = 1_000_000
"""Characters that all rounds together may clean: hundreds of rounds for an article, where two or three are enough."""
_CHARACTERS_PER_LINE = 40
"""As many characters take as long as a line does by itself."""
_FEWEST_ROUNDS = 3
"""For texts beyond the budget."""


class _Turns(threading.local):
    """The text cleaners that have run on the draft that this thread is cleaning."""

    draft: Draft | None = None
    cleaners: tuple[TextCleaner, ...] = ()


_turns = _Turns()


class TextCleaner(Cleaner):
    """A cleaner that judges lines by their neighbors, so that its verdicts can change when others cut lines.

    `Fixpoint` repeats it. Subclasses implement `judge`.
    """

    def clean(self, draft: Draft) -> None:
        """Judge the draft, and have `Fixpoint` repeat that."""
        if _turns.draft is not draft:
            _turns.draft, _turns.cleaners = draft, ()
        _turns.cleaners += (self,)
        self.judge(draft)

    def judge(self, draft: Draft) -> None:
        """Pass verdicts on lines and paragraphs of the draft."""
        raise NotImplementedError


class Fixpoint(Cleaner):
    """Repeats the text cleaners on the body that they leave, until they cut nothing more.

    "Share" before "by Ann Lee" is the first word of a sentence, until the byline is cut; then it is a button. Repeats
    only those that ran on the draft, so that a disabled cleaner stays out of it.
    """

    name, version, order = "fixpoint", "1", 650

    def clean(self, draft: Draft) -> None:
        cleaners = _turns.cleaners if _turns.draft is draft else ()
        _turns.draft, _turns.cleaners = None, ()
        if all(stretch.kind == "body" and not stretch.continues for stretch in draft.stretches):
            return
        left = max(_BUDGET, _FEWEST_ROUNDS * _effort(draft))
        while left > 0:
            body, origins = _body_of(draft, {cleaner.name for cleaner in cleaners})
            for cleaner in cleaners:
                body.cleaner = cleaner.name
                cleaner.judge(body)
            if not _take_over(draft, body, origins):
                return
            left -= _effort(body)


def _effort(draft: Draft) -> int:
    return len(draft.text) + _CHARACTERS_PER_LINE * len(draft.stretches)


def _body_of(draft: Draft, repeated: set[str]) -> tuple[Draft, list[tuple[int, Stretch]]]:
    """The body as a draft of its own, and where in it the stretches of `draft` begin.

    Only what other cleaners than the repeated ones called a subheading or a side box keeps its verdict.
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


def _take_over(draft: Draft, body: Draft, origins: list[tuple[int, Stretch]]) -> bool:
    """Pass the verdicts on the body's stretches on those that they come from. Returns whether any was cut."""
    draft.headline, draft.byline, draft.credit = body.headline, body.byline, body.credit
    draft.dateline = draft.dateline or body.dateline
    signed = draft.cleaner
    cut = False
    starts = [start for start, _ in origins]
    # From the last to the first: a split leaves what stands before it where it is.
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
