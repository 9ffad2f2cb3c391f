"""Texts in which the parts of attributions and the names are marked by hand, for the tests of `claims`.

“The dam will hold,” {S:Mayor [Ann Reed]} {C:said}. — in braces a source (S), cue (C) or content (K), in brackets a
name, of a person unless it says otherwise: [Oslo|place]. What is in quotation marks before or after a cue is mostly
to be marked as content too, marks and all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import spacy
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup

from onrecord import Claim, ClaimSpan, Mention, Pipeline, Row
from onrecord.testing import annotate_text
from onrecord_claims import Claims
from onrecord_claims.roles import ROLES

MARK = re.compile(r"\{([SCK]):|\}|\[|(?:\|(\w+))?\]")
ROLE = {"S": "source", "C": "cue", "K": "content"}
Offsets = tuple[int, int]


@dataclass
class Marked:
    """A text without its marks, and what they say."""

    body: str = ""
    spans: dict[str, list[Offsets]] = field(default_factory=lambda: {role: [] for role in ROLES})
    names: list[tuple[int, int, str]] = field(default_factory=list)

    def set_on(self, doc: Doc) -> Doc:
        """Set the spans and the sentences, as the pipeline does."""
        for token, begins in zip(doc, sentence_starts(doc), strict=True):
            token.is_sent_start = begins
        for role, offsets in self.spans.items():
            found = [doc.char_span(*each, alignment_mode="expand") for each in offsets]
            doc.spans[role] = SpanGroup(doc, name=role, spans=[span for span in found if span])
        return doc


def unmarked(text: str) -> Marked:
    """The text and what its marks say."""
    marked = Marked()
    opened: list[tuple[str, int]] = []
    last = 0
    for match in MARK.finditer(text):
        marked.body += text[last : match.start()]
        last = match.end()
        at = len(marked.body)
        if match.group() == "[" or match.group(1):
            opened.append((match.group(1) or "[", at))
            continue
        kind, begin = opened.pop()
        if kind == "[":
            marked.names.append((begin, at, match.group(2) or "person"))
        else:
            marked.spans[ROLE[kind]].append((begin, at))
    marked.body += text[last:]
    return marked


def sentence_starts(doc: Doc) -> list[bool]:
    """Sentences begin at a capital or a mark after a stop, and at every paragraph."""
    starts, ended = [], True
    for token in doc:
        starts.append(token.i == 0 or (ended and not token.is_space and not (token.is_lower or token.text in "”)")))
        if not token.is_space:
            ended = token.text in (".", "?", "!") or (ended and token.text in ("”", '"', "''", "»") and not starts[-1])
        elif token.text.count("\n") > 1:
            ended = True
    return starts


MARKED: dict[str, Marked] = {}
"""What the pipeline below sets, by text."""


@Language.component("marked_attributions")
def set_marked(doc: Doc) -> Doc:
    return MARKED[doc.text].set_on(doc)


def load() -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("marked_attributions")
    return nlp


PIPELINE = Pipeline("en", "marked", "1", load)


class OnMarks(Claims):
    """The annotator, content with what is marked: no network is loaded."""

    pipes = ()


@dataclass
class Said:
    claim: Claim
    spans: list[ClaimSpan]
    who: str | None
    """The mention behind the speaker."""

    @property
    def short(self) -> tuple[str | None, str | None, str]:
        return self.claim.speaker, self.claim.cue, self.claim.content


def claims(text: str | Marked) -> list[Said]:
    """The claims that are put together from the marks in a text."""
    marked = unmarked(text) if isinstance(text, str) else text
    MARKED[marked.body] = marked
    mentions = [
        Mention(ordinal=n, start_char=start, end_char=end, text=marked.body[start:end], kind="name", label=label)  # type: ignore[arg-type]
        for n, (start, end, label) in enumerate(sorted(marked.names))
    ]
    return read(annotate_text(OnMarks(), marked.body, given={Mention: mentions}, pipeline=PIPELINE), mentions)


def read(rows: Sequence[Row], mentions: Sequence[Mention]) -> list[Said]:
    """The claims among the annotator's rows, each with its spans and the mention behind its speaker."""
    spans = [row for row in rows if isinstance(row, ClaimSpan)]
    return [
        Said(
            claim,
            [span for span in spans if span.claim_id == claim.claim_id],
            None if claim.speaker_mention is None else mentions[claim.speaker_mention].text,
        )
        for claim in rows
        if isinstance(claim, Claim)
    ]


def short(text: str) -> list[tuple[str | None, str | None, str]]:
    """Speaker, cue and content of each claim."""
    return [said.short for said in claims(text)]


def test_marks_are_taken_out_of_the_text() -> None:
    marked = unmarked("“It holds,” {S:Mayor [Ann Reed]} {C:said} in [Oslo|place].")
    assert marked.body == "“It holds,” Mayor Ann Reed said in Oslo."
    assert marked.spans == {"source": [(12, 26)], "cue": [(27, 31)], "content": []}
    assert marked.names == [(18, 26, "person"), (35, 39, "place")]
