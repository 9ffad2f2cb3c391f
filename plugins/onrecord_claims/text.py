"""An article's words, sentences, paragraphs and quotations, as plain lists that rules can walk."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc

Stretch = tuple[int, int]
"""Words from the first up to, but not with, the second."""

_MARKS = re.compile(r"[“”\"]|``|''|\n\s*\n")
_CLOSING = {"“": "”", '"': '"', "``": "''", "''": "''"}


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words in quotation marks."""

    mark: int
    """The word that is the opening mark."""
    end: int
    """The word after the closing mark."""
    inside: Stretch
    """The words between the marks."""
    closed: bool
    """Whether there is a closing mark: a quotation of several paragraphs has one only at its end."""


@dataclass(slots=True)
class Text:
    """The words of a body without white space, and how they are grouped."""

    body: str
    words: list[str] = field(default_factory=list)
    lower: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    sentences: list[Stretch] = field(default_factory=list)
    sentence_of: list[int] = field(default_factory=list)
    paragraph_of: list[int] = field(default_factory=list)
    quotations: list[Quotation] = field(default_factory=list)
    quotation_of: list[int] = field(default_factory=list)
    """For each word the number of the quotation that it or its mark is in, or -1."""

    @classmethod
    def of(cls, doc: Doc) -> Text:
        """The text of a doc that has sentences."""
        text = cls(doc.text)
        begin = paragraph = 0
        for token in doc:
            word = token.text
            if token.is_sent_start and begin < len(text.words):
                text.sentences.append((begin, len(text.words)))
                begin = len(text.words)
            if word.isspace():
                paragraph += word.count("\n") > 1
                continue
            text.words.append(word)
            text.lower.append(word.lower().replace("’", "'"))
            text.starts.append(token.idx)
            text.ends.append(token.idx + len(word))
            text.sentence_of.append(len(text.sentences))
            text.paragraph_of.append(paragraph)
        if begin < len(text.words):
            text.sentences.append((begin, len(text.words)))
        text._find_quotations()
        return text

    def offsets(self, stretch: Stretch) -> Stretch:
        """Where a stretch of words begins and ends in the body."""
        return self.starts[stretch[0]], self.ends[stretch[1] - 1]

    def string(self, stretch: Stretch) -> str:
        """The words of a stretch as they stand in the body."""
        start, end = self.offsets(stretch)
        return self.body[start:end]

    def quoted(self, i: int) -> bool:
        """Whether word i is in quotation marks or is one."""
        return self.quotation_of[i] >= 0

    def is_dash(self, i: int) -> bool:
        """Whether word i is a dash between words, not a hyphen in one."""
        if self.words[i] in ("–", "—", "―", "--"):
            return True
        return (
            self.words[i] == "-"
            and 0 < i < len(self.words) - 1
            and self.ends[i - 1] < self.starts[i]
            and self.ends[i] < self.starts[i + 1]
        )

    def _find_quotations(self) -> None:
        self.quotation_of = [-1] * len(self.words)
        opened: int | None = None
        closing = ""
        for match in _MARKS.finditer(self.body):
            mark, at = match.group(), match.start()
            if mark[0] == "\n":
                if opened is not None:
                    self._quotation(opened, None, at)
                opened = None
            elif opened is None:
                before = self.body[at - 1 : at]
                if mark in _CLOSING and (mark in "“``" or not before or before.isspace() or before in "([—–-‘'"):
                    opened, closing = at, _CLOSING[mark]
            elif mark == closing:
                self._quotation(opened, at, at + len(mark))
                opened = None
        if opened is not None:
            self._quotation(opened, None, len(self.body))

    def _quotation(self, opening: int, closing: int | None, end: int) -> None:
        """Note a quotation by offsets, unless a mark is no word of its own or nothing stands between them."""
        first = bisect_left(self.starts, opening)
        last = bisect_left(self.starts, end if closing is None else closing)
        after = bisect_left(self.starts, end)
        if first >= len(self.words) or self.starts[first] != opening or last - first < 2:
            return
        if closing is not None and (last >= len(self.words) or self.starts[last] != closing):
            return
        quotation = Quotation(first, after, (first + 1, last), closing is not None)
        for i in range(first, after):
            self.quotation_of[i] = len(self.quotations)
        self.quotations.append(quotation)
