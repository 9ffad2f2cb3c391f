"""Confidence of a claim, from 0 to 1.

It is the share of such claims that are right, times the certainty that the parts belong together. The shares were
measured on PolNeAR's development part with the default pipeline; a claim is right if a gold attribution has the same
source and, except for a few words, the same content. `make quality` compares the two. Other texts were not measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .contents import QuoteType

DIRECT, MIXED = 0.95, 0.8
"""Entirely or partly in quotation marks."""
SPOKEN, OTHER = 0.8, 0.65
"""Unquoted, after a cue that is clearly speech and after any other, e.g. for intentions, whose limits are less
clear."""
SOURCELESS = 0.45
"""Factor for claims without a source, unless they are quoted."""
SPEECH = frozenset({"according", "argue", "claim", "insist", "promise", "say", "tell"})
"""Classes of cues that are clearly speech."""

RESUMED = 0.95
"""For a paragraph that resumes a quotation, if the pipeline has not marked it."""
TRAILING = 0.9
"""For the sentence before "…, Reed said.", if the pipeline has not marked it as content."""
GOES_ON = 0.8
"""For a quotation right after a sentence that attributes another one."""
FLOATING = 0.35
"""For a quotation without a cue: often the previous speaker's, but sometimes a caption or a slogan."""
SIGNED = 0.7
"""For a quotation with a name below it."""


def confidence(certainties: Iterable[float], quote_type: QuoteType, cue_class: str | None, sourced: bool) -> float:
    """Return the confidence of a claim with a cue.

    `certainties` are those of the cue chosen for each content, and of the source.
    """
    usual = {"direct": DIRECT, "mixed": MIXED, "indirect": SPOKEN if cue_class in SPEECH else OTHER}[quote_type]
    if not sourced and quote_type != "direct":
        usual *= SOURCELESS
    return round(usual * prod(certainties), 3)
