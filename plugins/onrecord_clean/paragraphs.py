"""Lines and paragraphs of a draft, and tests of their form."""

from __future__ import annotations

import re
from dataclasses import dataclass

from onrecord import Draft, Stretch

NEWS_AGENCIES = (
    "AAP|AFP|ANSA|AP|Agence France-Presse|Al Jazeera|Anadolu(?: Agency)?|Associated Press|Bloomberg|CNN|DPA|EFE"
    "|Interfax|Kyodo|PA|PTI|Reuters|RIA Novosti|TASS|The Associated Press|UPI|Xinhua"
)
"""Names of news agencies, as alternatives of a regular expression."""
PICTURE_AGENCIES = "EPA|Getty(?: Images)?|Shutterstock"
"""Names of agencies that supply only pictures, as alternatives of a regular expression."""

_EMPTY_LINE = re.compile(r"\n[^\S\n]*\n")
_TITLE_START = re.compile(r"""[-–—•\s]*["'“‘«(\[$£€]*[^\W_]""")
_CLOSING = "\"'”’»)]"
_LONGEST_TITLE = 250
_FEWEST_WORDS_IN_PROSE = 8


@dataclass(slots=True)
class Paragraph:
    """Stretches that make one paragraph of the body."""

    stretches: list[Stretch]
    text: str


def lines(draft: Draft) -> list[tuple[Stretch, str]]:
    """Return the lines that have no verdict yet, with their texts."""
    text = draft.text
    return [(each, text[each.start : each.end]) for each in draft.stretches if each.kind == "body"]


def paragraphs(draft: Draft, most: int | None = None) -> list[Paragraph]:
    """Return the current paragraphs of the body, or at most the first `most`."""
    text = draft.text
    parts: list[Paragraph] = []
    wrapped = []
    for stretch in draft.body():
        if stretch.continues and parts:
            if len(parts[-1].stretches) == 1:
                wrapped.append(parts[-1])
            parts[-1].stretches.append(stretch)
        elif len(parts) == most:
            break
        else:
            parts.append(Paragraph([stretch], text[stretch.start : stretch.end]))
    for part in wrapped:
        part.text = " ".join([text[stretch.start : stretch.end] for stretch in part.stretches])
    return parts


def has_blank_line_between(draft: Draft, before: Stretch, after: Stretch) -> bool:
    """Whether an empty line separates two consecutive stretches of the body.

    Stretches that were cut between them are ignored.
    """
    if draft.text.count("\n", before.end, after.start) < 2:
        return False
    return _EMPTY_LINE.search(draft.text, before.end, after.start) is not None


def words(text: str) -> list[str]:
    """Return the words without case and punctuation, for comparing texts.

    >>> words("Assad, meanwhile")
    ['assad', 'meanwhile']
    """
    return re.findall(r"\w+", text.casefold())


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a full stop or the like, before any closing quote."""
    return text.rstrip(_CLOSING).endswith((".", "!", "?", "…"))


def is_prose(text: str) -> bool:
    """Whether a text is at least one sentence, and no heading."""
    return ends_sentence(text) and len(text.split(maxsplit=_FEWEST_WORDS_IN_PROSE)) >= _FEWEST_WORDS_IN_PROSE


def is_title_like(text: str, most_words: int) -> bool:
    """Whether a text could be a heading.

    A heading begins with a capital, has few words, and does not end with a full stop, comma or colon.
    """
    if len(text) > _LONGEST_TITLE or len(text.split()) > most_words:
        return False
    start = _TITLE_START.match(text)
    return start is not None and not start[0][-1].islower() and text.rstrip(_CLOSING + "%?!")[-1:].isalnum()
