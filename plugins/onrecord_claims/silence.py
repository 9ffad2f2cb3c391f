"""Silence reported like speech: declined to comment, could not be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .words import word_set

if TYPE_CHECKING:
    from .cues import Cue
    from .text import Stretch, Text

SPEAKING = word_set("answer comment discuss elaborate reply respond speak talk")
"""Verbs that, when refused, mean silence. "He declined to say whether it holds" tells what he did not say."""
ASKED_FOR = word_set("comment comments interview interviews questions request requests inquiries")
"""Nouns for requests."""
LONGEST_REQUEST = 8
"""In words."""
UNREACHED = word_set("reached available unavailable immediately respond return returned")
RESPONDING = word_set("answer comment elaborate reply respond")
"""Verbs that, when negated, mean silence."""


def is_silence(text: Text, cue: Stretch, said: Cue, contents: list[Stretch]) -> bool:
    """Whether a cue with these contents says that nothing was said."""
    words = [text.lower[i] for i in range(*cue)]
    following = [text.lower[i] for begin, end in contents for i in range(begin, end)]
    first = next((word for word in following if word != "to"), "")
    if said.refused and (first in SPEAKING or not SPEAKING.isdisjoint(words)):
        return True
    if said.negated and said.lemma in RESPONDING:
        return True
    asked = len(following) <= LONGEST_REQUEST and not ASKED_FOR.isdisjoint(following)
    return asked and said.negated and not UNREACHED.isdisjoint((*words, *following))
