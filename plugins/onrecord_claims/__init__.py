"""The annotator `claims`: attributed statements with their speakers.

Assembles claims from the sources, cues and contents that the pipeline marks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from uuid import UUID

from onrecord import Annotator, Article, Claim, ClaimSpan, Mention, Row, hookimpl, identify

from .assembly import Attribution, assemble
from .roles import ROLES, Roles
from .speakers import Speaker, Speakers
from .text import Text

ONRECORD_API = 1

GAP = " … "
"""Separates two stretches of a content."""

CONTENT_IS_ITS_SPANS = """
-- Which claims have a content that is not the texts of their content spans, with an ellipsis between them?
select claim.article_id, claim.claim_id, claim.content, joined.content as content_of_spans
from claim
left join (
    select claim_id, string_agg(text, ' … ' order by ordinal) as content
    from claim_span
    where role = 'content'
    group by claim_id
) as joined using (claim_id)
where joined.content is distinct from claim.content
"""


class Claims(Annotator):
    """Find attributed statements and their speakers."""

    name, version, writes = "claims", "3", (Claim, ClaimSpan)
    requires = ("entities",)
    uses_doc = True
    pipes = ("onrecord_attributions",)
    checks = MappingProxyType({"content_is_its_spans": CONTENT_IS_ITS_SPANS})

    def annotate(self, article: Article) -> Iterator[Row]:
        """Yield the claims in text order, each followed by its spans."""
        text = Text.of(article.doc)
        speakers = Speakers(text, article.rows(Mention))
        seen: set[UUID] = set()
        for attribution in assemble(text, Roles.of(article.doc, text)):
            contents = [text.string(content) for content in attribution.contents]
            begin, _ = text.offsets(attribution.contents[0])
            claim_id = identify("claim", article.article_id, begin, GAP.join(contents))
            speaker = speakers.of(attribution)
            if claim_id not in seen:
                claim = _build_claim(text, attribution, speaker, claim_id, len(seen))
                seen.add(claim_id)
                yield claim
                yield from _build_spans(text, attribution, speaker, claim)


def _build_claim(text: Text, made: Attribution, speaker: Speaker, claim_id: UUID, ordinal: int) -> Claim:
    return Claim(
        claim_id=claim_id,
        ordinal=ordinal,
        speaker=text.string(speaker.words) if speaker.words else None,
        speaker_mention=speaker.mention.ordinal if speaker.mention else None,
        speaker_status=speaker.status,
        speaker_rule=speaker.rule,
        cue=text.string(made.cue) if made.cue else None,
        cue_lemma=made.said.lemma if made.said else None,
        cue_class=made.said.cue_class if made.said else None,
        content=GAP.join(text.string(content) for content in made.contents),
        quote_type=made.quote_type,
        negated=made.negated,
        confidence=made.confidence,
    )


def _build_spans(text: Text, made: Attribution, speaker: Speaker, claim: Claim) -> Iterator[ClaimSpan]:
    stretches = ([speaker.words] if speaker.words else [], [made.cue] if made.cue else [], made.contents)
    for role, group in zip(ROLES, stretches, strict=True):
        for ordinal, stretch in enumerate(group):
            start, end = text.offsets(stretch)
            yield ClaimSpan(
                claim_id=claim.claim_id,
                role=role,
                ordinal=ordinal,
                start_char=start,
                end_char=end,
                text=text.string(stretch),
            )


@hookimpl
def register_annotators(register: Callable[[Annotator], None]) -> None:
    """Register the annotator `claims`."""
    register(Claims())
