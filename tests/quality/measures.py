"""Counts of spans, words and whole attributions, found against gold.

Everything is compared by character offsets, so that the output of any tokenizer or model can be measured. Spans are
pairs of offsets, the second exclusive; a discontinuous content counts as its stretches.
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
"""Label for attributions whose contents are all quoted."""


@dataclass(frozen=True)
class Attribution:
    """An attribution as the spans of its three parts; the source may be missing."""

    source: frozenset[Span]
    cue: frozenset[Span]
    content: frozenset[Span]

    def resembles(self, other: Attribution) -> bool:
        """Whether cues and contents overlap, and sources overlap or are missing in both."""
        sources = (
            has_overlap(self.source, other.source) if self.source and other.source else self.source == other.source
        )
        return has_overlap(self.cue, other.cue) and sources and has_overlap(self.content, other.content)


def spans_of(attributions: Iterable[Attribution]) -> dict[str, set[Span]]:
    """Return all spans of attributions by role."""
    attributions = list(attributions)
    return {role: {span for each in attributions for span in getattr(each, role)} for role in ROLES}


def has_overlap(some: Iterable[Span], others: Iterable[Span]) -> bool:
    """Whether any of the spans has a character in common with any of the others."""
    others = list(others)
    return any(a < d and c < b for a, b in some for c, d in others)


class Words:
    """An article's words without white space, and their position relative to quotes."""

    def __init__(self, doc: Doc) -> None:
        """Use the doc's tokens as words."""
        states = quote_states([token.text for token in doc], [bool(token.whitespace_) for token in doc])
        real = [(token, state) for token, state in zip(doc, states, strict=True) if not token.is_space]
        self.starts = [token.idx for token, _ in real]
        self.ends = [token.idx + len(token) for token, _ in real]
        self.plain = {i for i, (token, _) in enumerate(real) if any(char.isalnum() for char in token.text)}
        self.inside = {i for i, (_, state) in enumerate(real) if state == Quote.INSIDE}
        self.outside = {i for i, (_, state) in enumerate(real) if state == Quote.OUTSIDE}

    def of(self, spans: Iterable[Span]) -> set[int]:
        """Return the numbers of the words that have a character in any of the spans."""
        found: set[int] = set()
        for start, end in spans:
            first = bisect_left(self.ends, start + 1)
            found.update(range(first, max(first, bisect_left(self.starts, end))))
        return found

    def read_roles(self, attribution: Attribution) -> tuple[frozenset[int], ...]:
        """Return the words of source, cue and content, without punctuation."""
        return tuple(frozenset(self.of(getattr(attribution, role)) & self.plain) for role in ROLES)

    def is_quoted(self, spans: Iterable[Span]) -> bool:
        """Whether the spans have words and all of them are between quotation marks."""
        words = self.of(spans)
        return bool(words & self.inside) and not words & self.outside


@dataclass
class AttributionScores:
    """Counts over articles.

    The labels are ROLES, QUOTED and REST, and those of `whole` are SAME_WORDS and LENIENT.
    """

    spans: SpanCounts = field(default_factory=SpanCounts)
    """Spans that match exactly; the same span in two attributions counts once."""
    words: SpanCounts = field(default_factory=SpanCounts)
    """Words that are part of a role. QUOTED are between quotation marks, REST are not."""
    whole: SpanCounts = field(default_factory=SpanCounts)
    """Attributions whose parts belong together."""

    def add(
        self, doc: Doc, spans: Mapping[str, Iterable[Span]], found: Iterable[Attribution], gold: Sequence[Attribution]
    ) -> None:
        """Count one article: spans and attributions found, against gold ones.

        Only the words of `doc` are used.
        """
        words = Words(doc)
        for role in ROLES:
            ours, theirs = set(spans[role]), spans_of(gold)[role]
            self.spans.add(role, ours, theirs)
            self.words.add(role, words.of(ours), words.of(theirs))
            if role == "content":
                for label, quoted, some in ((QUOTED, True, words.inside), (REST, False, words.outside)):
                    of_kind = [{span for span in each if words.is_quoted([span]) == quoted} for each in (ours, theirs)]
                    self.spans.add(label, *of_kind)
                    self.words.add(label, words.of(ours) & some, words.of(theirs) & some)
        found = list(found)
        quoted = [[each for each in some if words.is_quoted(each.content)] for some in (found, gold)]
        for name, ours, theirs in (("{}", found, gold), (OF_QUOTED, *quoted)):
            self.whole.add(name.format(SAME_WORDS), map(words.read_roles, ours), map(words.read_roles, theirs))
            self.whole.add(name.format(LENIENT), _match_gold(ours, theirs), theirs)


def _match_gold(found: Iterable[Attribution], gold: Iterable[Attribution]) -> list[Attribution]:
    """Replace each attribution by a different gold one that it resembles, if any."""
    left = list(gold)
    result = []
    for attribution in found:
        same = next((each for each in left if attribution.resembles(each)), None)
        if same:
            left.remove(same)
        result.append(same or attribution)
    return result


def is_right(words: Words, claim: Attribution, gold: Iterable[Attribution]) -> bool:
    """Whether a gold attribution matches a claim.

    It has the same source, and nine in ten of the words of both contents are in common.
    """
    said = words.of(claim.content) & words.plain
    for attribution in gold:
        other = words.of(attribution.content) & words.plain
        sources = (claim.source, attribution.source)
        if len(said & other) > 0.9 * len(said | other) and (has_overlap(*sources) or not any(sources)):
            return True
    return False


def claims_to_attributions(spans: Iterable[ClaimSpan]) -> list[Attribution]:
    """Convert rows of the table `claim_span` to attributions."""
    claims: dict[UUID, dict[str, set[Span]]] = defaultdict(lambda: {role: set() for role in ROLES})
    for span in spans:
        claims[span.claim_id][span.role].add((span.start_char, span.end_char))
    return [Attribution(**{role: frozenset(found) for role, found in claim.items()}) for claim in claims.values()]


def role_spans(doc: Doc) -> dict[str, set[Span]]:
    """Return the sources, cues and contents that a pipeline found."""
    return {role: {(span.start_char, span.end_char) for span in doc.spans.get(role, ())} for role in ROLES}
