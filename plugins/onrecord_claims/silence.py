"""Silence, which is reported like speech: they declined to comment, did not respond, could not be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .words import listed

if TYPE_CHECKING:
    from .cues import Cue
    from .text import Stretch, Text

SPEAKING = listed("answer comment discuss elaborate reply respond speak talk")
"""What those do not do who keep silent. "He declined to say whether it holds" says what he did not say."""
ASKED_FOR = listed("comment comments interview interviews questions request requests inquiries")
"""What they were asked for."""
LONGEST_REQUEST = 8
"""In how many words at most."""
UNREACHED = listed("reached available unavailable immediately respond return returned")
RESPONDING = listed("answer comment elaborate reply respond")
"""Of these, what not to do is to say nothing."""


def is_silence(text: Text, cue: Stretch, said: Cue, contents: list[Stretch]) -> bool:
    """Whether a cue with such contents says that nothing was said."""
    words = [text.lower[i] for i in range(*cue)]
    following = [text.lower[i] for begin, end in contents for i in range(begin, end)]
    first = next((word for word in following if word != "to"), "")
    if said.refused and (first in SPEAKING or not SPEAKING.isdisjoint(words)):
        return True
    if said.negated and said.lemma in RESPONDING:
        return True
    asked = len(following) <= LONGEST_REQUEST and not ASKED_FOR.isdisjoint(following)
    return asked and said.negated and not UNREACHED.isdisjoint((*words, *following))
