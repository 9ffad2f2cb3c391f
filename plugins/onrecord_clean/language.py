"""Language identification."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from onrecord import Cleaner, Draft

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_SAMPLES = 120, 600
"""Characters classified: the first number is nearly always enough, the second settles doubts."""
_CERTAIN, _NO_DOUBT, _LIKELY = 0.95, 0.85, 0.6
_ENOUGH_TO_CONTRADICT = 150
"""Letters needed before the words override the stated language."""


class Language(Cleaner):
    """Identify the language if none is stated or the words clearly contradict it.

    Pages often state the language of their template. Texts too short to classify get the default language.
    """

    name, version, order = "language", "2", 700

    def clean(self, draft: Draft) -> None:
        sample = ""
        for stretch in draft.body():
            sample += draft.words(stretch)[: _SAMPLES[-1]] + "\n"
            if len(sample) >= _SAMPLES[-1]:
                break
        letters = len(re.findall(r"[^\W\d_]", sample))
        if not letters:
            return
        for size in _SAMPLES:
            found, confidence = _load_identifier().classify(sample[:size])
            if confidence >= (_CERTAIN if draft.language else _NO_DOUBT) or len(sample) <= size:
                break
        if draft.language == found:
            return
        if draft.language and (confidence < _CERTAIN or letters < _ENOUGH_TO_CONTRADICT):
            return
        if confidence >= _LIKELY:
            draft.language, draft.language_confidence = found, round(float(confidence), 3)


@cache
def _load_identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
