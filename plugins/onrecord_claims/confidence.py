"""How certain a claim is, from 0 to 1: how often such claims are right, times how surely its parts belong together.

How often was counted on PolNeAR's development part with the default pipeline, where a claim is right if an attribution
has the same source, and the same content but for a few words; `make quality` compares the two. It was not checked on
other texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .contents import QuoteType

DIRECT, MIXED = 0.95, 0.8
"""In quotation marks, or in part."""
SPOKEN, OTHER = 0.8, 0.65
"""Without, after a cue that is plainly speech, and after any other: what somebody wants has less clear limits."""
SOURCELESS = 0.45
"""Times that, for one without a source, unless it is in quotation marks."""
SPEECH = frozenset({"according", "argue", "claim", "insist", "promise", "say", "tell"})
"""Classes of cues that are plainly speech."""

RESUMED = 0.95
"""For a paragraph that resumes a quotation, where the pipeline has not marked it."""
TRAILING = 0.9
"""For the sentence before "…, Reed said.", where the pipeline has not marked it as what is said."""
GOES_ON = 0.8
"""For a quotation right after the sentence that attributes another one."""
FLOATING = 0.35
"""For a quotation without a cue: often the previous speaker's, but a caption or a slogan may look the same."""
SIGNED = 0.7
"""For a quotation with a name under it."""


def confidence(certainties: Iterable[float], quote_type: QuoteType, cue_class: str | None, sourced: bool) -> float:
    """Of a claim with a cue. `certainties` are those of the choice of a cue for each content, and of the source."""
    usual = {"direct": DIRECT, "mixed": MIXED, "indirect": SPOKEN if cue_class in SPEECH else OTHER}[quote_type]
    if not sourced and quote_type != "direct":
        usual *= SOURCELESS
    return round(usual * prod(certainties), 3)
