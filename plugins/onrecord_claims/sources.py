"""Sources: the noun phrase that names the speaker, and its form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .quotations import MARKS
from .words import ARTICLES, POSSESSIVES, PREPOSITIONS, RELATIVES, word_set

if TYPE_CHECKING:
    from .names import Name, Names
    from .text import Stretch, Text


LEADS = word_set("although and as because but even for if nor or since so that though when while yet")
"""Words before a noun phrase that are not part of it."""
OFFICES = word_set("""
    ambassador archbishop bishop cardinal chairman chairwoman chancellor colonel commander congressman congresswoman
    director general governor imam judge justice king leader mayor minister nominee candidate pope president premier
    prince princess professor queen secretary senator sheriff speaker spokesman spokeswoman spokesperson
    """)
"""Nouns for the office or role of one person."""
INSTITUTIONS = word_set("""
    administration agency alliance army association authorities authority board bureau cabinet campaign church coalition
    commission committee company congress council court department embassy foundation government group institute
    institution military ministry network organization panel parliament party police post regime senate team union
    university wing
    """)
"""Nouns that, together with a name, denote an institution: the Obama administration."""
WRITINGS = word_set("""
    account ad advertisement affidavit announcement article bill blog book brief broadcast column commercial complaint
    document editorial email essay filing indictment interview lawsuit letter manifesto memo memoir message motion
    newsletter note notice op-ed opinion order paper petition plan platform post press proposal release remarks report
    resolution review ruling speech spot statement story submission suit testimony text transcript tweet video website
    """)
"""Writings and speeches, whose author is the speaker if named."""
FIGURES = word_set("""
    analysis assessment audit average averages data documents estimate estimates figures files findings forecast index
    measure numbers poll polling polls projections records research returns statistics stats studies study survey
    surveys tally
    """)
"""Findings, whose publisher is the speaker if it is a named organization."""
CROWDS = word_set("""
    all americans both everybody everyone few majority many men most nobody none people police several some women
    """)
"""Plural nouns without a plural ending."""


def speaker_words(text: Text, source: Stretch, names: Names) -> Stretch:
    """Return the noun phrase in a source.

    Leading conjunctions and trailing appositions, brackets and clauses are left out. A person's name in an apposition
    stays if there is none before it (the mayor, Ann Reed). A list stays whole.
    """
    begin, end = _strip_edges(text, *source)
    parts = _split_parts(text, begin, end)
    if len(parts) > 1 and not _is_list(text, parts, names):
        end = parts[0][1]
        renamed = _find_apposition(text, parts[1], names)
        if renamed and not _has_head(text, parts[0], names):
            end = renamed.words[1]
    if end - begin > 1 and text.lower[end - 1] in ("'s", "'"):
        end -= 1
    return begin, end


def head_of(text: Text, phrase: Stretch) -> int:
    """Return the head noun of a noun phrase: the word before the first preposition."""
    begin, end = phrase
    for i in range(begin + 1, end):
        word = text.lower[i]
        if _is_in_office(text, i):
            return i - 1
        if word in PREPOSITIONS or word in RELATIVES or text.words[i] in (",", "("):
            return i - 1
    return end - 1


def is_plural(text: Text, phrase: Stretch) -> bool:
    """Whether a noun phrase is plural: officials, Reed and Moss."""
    head = text.lower[head_of(text, phrase)]
    return is_joined(text, phrase) or head in CROWDS or (head.endswith("s") and not head.endswith(("ss", "us", "'s")))


def is_joined(text: Text, phrase: Stretch) -> bool:
    """Whether a noun phrase joins several with "and" or "or"."""
    return any(text.lower[i] in ("and", "or", "&") for i in range(phrase[0] + 1, phrase[1] - 1))


def is_head(text: Text, phrase: Stretch, name: Name) -> bool:
    """Whether a name is the head of a noun phrase, unlike in "a friend of Reed"."""
    first, after = name.words
    begin = next((i + 1 for i in range(first - 1, phrase[0] - 1, -1) if text.words[i] == ","), phrase[0])
    if any(text.lower[i] in PREPOSITIONS and not _is_in_modifier(text, i, first) for i in range(begin, first)):
        return False
    if after >= phrase[1]:
        return True
    following = text.lower[after]
    return (
        following in PREPOSITIONS | RELATIVES
        or following in (",", "(", "and", "or", "himself", "herself", "itself", "themselves")
        or text.is_dash(after)
        or (following in ("'s", "'") and after + 1 == phrase[1])
    )


def _is_in_modifier(text: Text, i: int, name: int) -> bool:
    """Whether a word is the "of" of a modifier before a name.

    Secretary of State Ann Reed, Bank of Oslo analyst …
    """
    between = text.lower[i + 1 : name]
    return text.lower[i] == "of" and text.words[i - 1][0].isupper() and any(word not in OFFICES for word in between)


def _is_in_office(text: Text, i: int) -> bool:
    """Whether a word is the "of" of an office: the secretary of state."""
    return text.lower[i] == "of" and text.lower[i - 1] in ("secretary", "minister")


def _find_apposition(text: Text, part: Stretch, names: Names) -> Name | None:
    """Return the person named after a comma."""
    if text.words[part[0] - 1] != "," or text.words[part[0]] in PREPOSITIONS | {"including", "such", "especially"}:
        return None
    return next((name for name in names.within(part) if name.is_person and is_head(text, part, name)), None)


def _has_head(text: Text, part: Stretch, names: Names) -> bool:
    return any(name.is_person and is_head(text, part, name) for name in names.within(part))


def _split_parts(text: Text, begin: int, end: int) -> list[Stretch]:
    """Split at commas, dashes and brackets, and before a relative clause."""
    parts = []
    first = begin
    for i in range(begin, end):
        clause = i > begin and text.lower[i] in RELATIVES and text.lower[i - 1] not in PREPOSITIONS
        if text.words[i] in (",", ";", "(", ")", "[", "]", ":") or text.is_dash(i) or clause:
            if i > first:
                parts.append((first, i))
            first = i if clause else i + 1
    if first < end:
        parts.append((first, end))
    return parts or [(begin, end)]


def _is_list(text: Text, parts: list[Stretch], names: Names) -> bool:
    """Whether parts between commas are a list: Norway, its allies and most farmers."""
    rest = (parts[1][0], parts[-1][1])
    joined = next((i for i in range(*rest) if text.lower[i] in ("and", "or")), None)
    if joined is None or text.words[parts[1][0] - 1] != ",":
        return False
    first, word = text.lower[parts[1][0]], text.words[parts[1][0]]
    if first in ("a", "an") or (first == "the" and _has_head(text, parts[0], names)):
        return False
    second = [name for name in names.within(parts[1]) if name.words[0] == parts[1][0]]
    return bool(second) or first in POSSESSIVES or (first in ARTICLES | CROWDS and word.islower()) or first == "and"


def _strip_edges(text: Text, begin: int, end: int) -> Stretch:
    while end - begin > 1 and not _can_end(text, begin, end - 1):
        end -= 1
    while end - begin > 1 and (text.lower[begin] in LEADS or not text.words[begin][0].isalnum()):
        begin += 1
    return begin, end


def _can_end(text: Text, begin: int, i: int) -> bool:
    """Whether a noun phrase may end with word i.

    It does not end with a comma or an unmatched closing mark.
    """
    word = text.words[i]
    if word in MARKS:
        return any(text.words[k] in MARKS for k in range(begin, i))
    return word[-1].isalnum() or text.lower[i] in ("'s", "'") or (word[-1] == "." and word[0].isalpha())
