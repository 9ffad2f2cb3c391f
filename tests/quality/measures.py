"""What is counted: spans, words and whole attributions, found against gold.

Everything is compared by character offsets, so that what any tokenizer or model has found can be measured. Spans
are pairs of offsets, the second exclusive; a discontinuous content counts as its stretches.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from onrecord import ClaimSpan
from onrecord_language.quotes import Quote, quote_states
from onrecord_language.training.scores import SpanCounts

if TYPE_CHECKING:
    from spacy.tokens import Doc

Span = tuple[int, int]
ROLES = ("source", "cue", "content")
QUOTED, REST = "content, quoted", "content, the rest"
SAME_WORDS, LENIENT = "same words", "lenient"
OF_QUOTED = "{}, quoted"
"""The same of attributions whose contents are all quoted."""


@dataclass(frozen=True)
class Attribution:
    """Who says what, as the spans of its three parts. There may be no source."""

    source: frozenset[Span]
    cue: frozenset[Span]
    content: frozenset[Span]

    def resembles(self, other: Attribution) -> bool:
        """Whether cues and contents overlap, and sources overlap or are missing in both."""
        sources = overlap(self.source, other.source) if self.source and other.source else self.source == other.source
        return overlap(self.cue, other.cue) and sources and overlap(self.content, other.content)


def spans_of(attributions: Iterable[Attribution]) -> dict[str, set[Span]]:
    """All spans of attributions by role."""
    attributions = list(attributions)
    return {role: {span for each in attributions for span in getattr(each, role)} for role in ROLES}


def overlap(some: Iterable[Span], others: Iterable[Span]) -> bool:
    """Whether any of the spans has a character in common with any of the others."""
    others = list(others)
    return any(a < d and c < b for a, b in some for c, d in others)


class Words:
    """An article's words, white space left out, with where they stand to quotation marks."""

    def __init__(self, doc: Doc) -> None:
        """Words are the doc's tokens."""
        states = quote_states([token.text for token in doc], [bool(token.whitespace_) for token in doc])
        real = [(token, state) for token, state in zip(doc, states, strict=True) if not token.is_space]
        self.starts = [token.idx for token, _ in real]
        self.ends = [token.idx + len(token) for token, _ in real]
        self.plain = {i for i, (token, _) in enumerate(real) if any(char.isalnum() for char in token.text)}
        self.inside = {i for i, (_, state) in enumerate(real) if state == Quote.INSIDE}
        self.outside = {i for i, (_, state) in enumerate(real) if state == Quote.OUTSIDE}

    def of(self, spans: Iterable[Span]) -> set[int]:
        """The numbers of the words that have a character in any of the spans."""
        found: set[int] = set()
        for start, end in spans:
            first = bisect_left(self.ends, start + 1)
            found.update(range(first, max(first, bisect_left(self.starts, end))))
        return found

    def spoken(self, attribution: Attribution) -> tuple[frozenset[int], ...]:
        """The words of source, cue and content, without punctuation and quotation marks."""
        return tuple(frozenset(self.of(getattr(attribution, role)) & self.plain) for role in ROLES)

    def quoted(self, spans: Iterable[Span]) -> bool:
        """Whether the spans have words and all of these, but for the marks, stand between quotation marks."""
        words = self.of(spans)
        return bool(words & self.inside) and not words & self.outside


@dataclass
class AttributionScores:
    """Counts over articles; the labels are ROLES, QUOTED and REST, and of `whole` SAME_WORDS and LENIENT."""

    spans: SpanCounts = field(default_factory=SpanCounts)
    """Spans that are exactly right; the same span in two attributions counts once."""
    words: SpanCounts = field(default_factory=SpanCounts)
    """Words that are part of a role. QUOTED are those between quotation marks, REST those that are not."""
    whole: SpanCounts = field(default_factory=SpanCounts)
    """Attributions whose parts belong together."""

    def add(
        self, doc: Doc, spans: Mapping[str, Iterable[Span]], found: Iterable[Attribution], gold: Sequence[Attribution]
    ) -> None:
        """Count one article: spans and attributions found in it against the gold ones. Of the doc only words count."""
        words = Words(doc)
        for role in ROLES:
            ours, theirs = set(spans[role]), spans_of(gold)[role]
            self.spans.add(role, ours, theirs)
            self.words.add(role, words.of(ours), words.of(theirs))
            if role == "content":
                for label, quoted, some in ((QUOTED, True, words.inside), (REST, False, words.outside)):
                    of_kind = [{span for span in each if words.quoted([span]) == quoted} for each in (ours, theirs)]
                    self.spans.add(label, *of_kind)
                    self.words.add(label, words.of(ours) & some, words.of(theirs) & some)
        found = list(found)
        quoted = [[each for each in some if words.quoted(each.content)] for some in (found, gold)]
        for name, ours, theirs in (("{}", found, gold), (OF_QUOTED, *quoted)):
            self.whole.add(name.format(SAME_WORDS), map(words.spoken, ours), map(words.spoken, theirs))
            self.whole.add(name.format(LENIENT), _as_gold(ours, theirs), theirs)


def _as_gold(found: Iterable[Attribution], gold: Iterable[Attribution]) -> list[Attribution]:
    """What was found, each replaced by a gold attribution that it resembles, and none by one that another has."""
    left = list(gold)
    result = []
    for attribution in found:
        same = next((each for each in left if attribution.resembles(each)), None)
        if same:
            left.remove(same)
        result.append(same or attribution)
    return result


def right(words: Words, claim: Attribution, gold: Iterable[Attribution]) -> bool:
    """Whether an attribution has the claim's source, and of the words of both contents nine in ten in common."""
    said = words.of(claim.content) & words.plain
    for attribution in gold:
        other = words.of(attribution.content) & words.plain
        sources = (claim.source, attribution.source)
        if len(said & other) > 0.9 * len(said | other) and (overlap(*sources) or not any(sources)):
            return True
    return False


def claimed(spans: Iterable[ClaimSpan]) -> list[Attribution]:
    """The claims of an article as attributions, from the rows of the table `claim_span`."""
    claims: dict[UUID, dict[str, set[Span]]] = defaultdict(lambda: {role: set() for role in ROLES})
    for span in spans:
        claims[span.claim_id][span.role].add((span.start_char, span.end_char))
    return [Attribution(**{role: frozenset(found) for role, found in claim.items()}) for claim in claims.values()]


def role_spans(doc: Doc) -> dict[str, set[Span]]:
    """The sources, cues and contents that a pipeline has found."""
    return {role: {(span.start_char, span.end_char) for span in doc.spans.get(role, ())} for role in ROLES}
