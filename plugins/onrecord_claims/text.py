"""Words, sentences and paragraphs of an article, as plain lists for rules."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .quotations import EDGES, MARKS, Quotation, Spacing, find_quotations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.tokens import Doc

Stretch = tuple[int, int]
"""The first word and the word after the last."""

STOPS = frozenset({".", "!", "?", "…", "...", "?!", "!?", "!!", "??"})
"""Words that end a sentence."""
DASHES = frozenset({"–", "—", "―", "--", "-"})


@dataclass(slots=True)
class Text:
    """The words of a body, grouped into sentences and paragraphs.

    Words are the doc's tokens, except that quotation marks are always separate words.
    """

    body: str
    words: list[str] = field(default_factory=list)
    lower: list[str] = field(default_factory=list)
    """In lower case, with ' for every apostrophe."""
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    sentences: list[Stretch] = field(default_factory=list)
    sentence_of: list[int] = field(default_factory=list)
    paragraph_of: list[int] = field(default_factory=list)
    word_of: list[int] = field(default_factory=list)
    """For each token and the end of the doc, the first word at or after it."""
    quotations: list[Quotation] = field(default_factory=list)
    quotation_of: list[int] = field(default_factory=list)
    """For each word, the number of the quotation that contains it or its mark, or -1."""

    @classmethod
    def of(cls, doc: Doc) -> Text:
        """Read the text of a doc.

        Paragraphs are taken for sentences if it has no sentence boundaries.
        """
        text = cls(doc.text)
        begin = paragraph = 0
        known = doc.has_annotation("SENT_START")
        broken = False
        for token in doc:
            text.word_of.append(len(text.words))
            if token.text.isspace():
                broken = broken or token.text.count("\n") > 1 or ("\n" in token.text and text._is_complete())
                continue
            if (token.is_sent_start if known else broken) and begin < len(text.words):
                text.sentences.append((begin, len(text.words)))
                begin = len(text.words)
            paragraph += broken and bool(text.words)
            broken = False
            if token.text == "`" and text.words and text.words[-1] == "`" and text.ends[-1] == token.idx:
                # spaCy splits the mark `` in two.
                text.words[-1] = text.lower[-1] = "``"
                text.ends[-1] += 1
                text.word_of[-1] -= 1
                continue
            for word, start in _split_marks(token.text, token.idx):
                text.words.append(word)
                text.lower.append(word.lower().replace("’", "'"))
                text.starts.append(start)
                text.ends.append(start + len(word))
                text.sentence_of.append(len(text.sentences))
                text.paragraph_of.append(paragraph)
        text.word_of.append(len(text.words))
        if begin < len(text.words):
            text.sentences.append((begin, len(text.words)))
        text.quotations = find_quotations(text.words, text.spacing(), text.paragraph_of)
        text.quotation_of = [-1] * len(text.words)
        for number, quotation in enumerate(text.quotations):
            text.quotation_of[quotation.mark : quotation.end] = [number] * (quotation.end - quotation.mark)
        return text

    def _is_complete(self) -> bool:
        """Whether a line that ends here may end a paragraph and is not just wrapped."""
        return bool(self.words) and (self.words[-1] in STOPS or self.words[-1] in MARKS)

    def spacing(self) -> list[Spacing]:
        """For each word, the white space before it."""
        found = []
        last = 0
        for start, end in zip(self.starts, self.ends, strict=True):
            between = self.body[last:start]
            found.append(Spacing.LINE if "\n" in between or last == 0 else Spacing.SPACE if between else Spacing.NONE)
            last = end
        return found

    def offsets(self, stretch: Stretch) -> Stretch:
        """Return the offsets of a stretch in the body."""
        return self.starts[stretch[0]], self.ends[stretch[1] - 1]

    def string(self, stretch: Stretch) -> str:
        """Return the text of a stretch as in the body."""
        start, end = self.offsets(stretch)
        return self.body[start:end]

    def at(self, start: int, end: int) -> Stretch:
        """Return the words that begin between two offsets of the body."""
        return bisect_left(self.starts, start), bisect_left(self.starts, end)

    def quotation(self, i: int) -> Quotation | None:
        """Return the quotation that contains word i or its mark."""
        number = self.quotation_of[i] if 0 <= i < len(self.words) else -1
        return self.quotations[number] if number >= 0 else None

    def is_quoted(self, i: int) -> bool:
        """Whether word i is in quotation marks or is one."""
        return self.quotation_of[i] >= 0

    def is_sentence_start(self, i: int) -> bool:
        """Whether word i is the first of its sentence or paragraph."""
        return (
            i == 0 or self.sentence_of[i - 1] != self.sentence_of[i] or self.paragraph_of[i - 1] != self.paragraph_of[i]
        )

    def is_dash(self, i: int) -> bool:
        """Whether word i is a dash between words and not a hyphen inside one."""
        if self.words[i] != "-":
            return self.words[i] in DASHES
        return 0 < i < len(self.words) - 1 and self.ends[i - 1] < self.starts[i] and self.ends[i] < self.starts[i + 1]


_SPLIT = re.compile(f"([,.?!]?)({EDGES})")


def _split_marks(token: str, start: int) -> Iterator[tuple[str, int]]:
    """Yield a token's words with offsets, with quotation marks split off."""
    for piece in _SPLIT.split(token) if len(token) > 1 else [token]:
        if piece:
            yield piece, start
        start += len(piece)
