"""Sources: what part of the words that the pipeline marks is the speaker, and what kind of noun phrase that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .quotations import MARKS
from .words import ARTICLES, POSSESSIVES, PREPOSITIONS, RELATIVES, listed

if TYPE_CHECKING:
    from .names import Name, Names
    from .text import Stretch, Text


LEADS = listed("although and as because but even for if nor or since so that though when while yet")
"""Words before a noun phrase that are no part of it."""
OFFICES = listed("""
    ambassador archbishop bishop cardinal chairman chairwoman chancellor colonel commander congressman congresswoman
    director general governor imam judge justice king leader mayor minister nominee candidate pope president premier
    prince princess professor queen secretary senator sheriff speaker spokesman spokeswoman spokesperson
    """)
"""Nouns for what one person is, by which that person may be called."""
INSTITUTIONS = listed("""
    administration agency alliance army association authorities authority board bureau cabinet campaign church coalition
    commission committee company congress council court department embassy foundation government group institute
    institution military ministry network organization panel parliament party police post regime senate team union
    university wing
    """)
"""Nouns that, with a name in the phrase, name an institution: the Obama administration."""
WRITINGS = listed("""
    account ad advertisement affidavit announcement article bill blog book brief broadcast column commercial complaint
    document editorial email essay filing indictment interview lawsuit letter manifesto memo memoir message motion
    newsletter note notice op-ed opinion order paper petition plan platform post press proposal release remarks report
    resolution review ruling speech spot statement story submission suit testimony text transcript tweet video website
    """)
"""What is written or spoken by somebody, who is the speaker if named."""
FIGURES = listed("""
    analysis assessment audit average averages data documents estimate estimates figures files findings forecast index
    measure numbers poll polling polls projections records research returns statistics stats studies study survey
    surveys tally
    """)
"""What is found out by somebody, an organization if named."""
CROWDS = listed("""
    all americans both everybody everyone few majority many men most nobody none people police several some women
    """)
"""Words for many that have no plural ending."""


def speaker_words(text: Text, source: Stretch, names: Names) -> Stretch:
    """The noun phrase in a source: without conjunctions before it and without appositions, brackets and clauses after.

    A person's name in an apposition stays, where there is none before: the mayor, Ann Reed. A list stays whole.
    """
    begin, end = _without_edges(text, *source)
    parts = _parts(text, begin, end)
    if len(parts) > 1 and not _is_list(text, parts, names):
        end = parts[0][1]
        renamed = _apposition(text, parts[1], names)
        if renamed and not _heads(text, parts[0], names):
            end = renamed.words[1]
    if end - begin > 1 and text.lower[end - 1] in ("'s", "'"):
        end -= 1
    return begin, end


def head_of(text: Text, phrase: Stretch) -> int:
    """The noun that the rest of a noun phrase describes: the word before what begins with a preposition."""
    begin, end = phrase
    for i in range(begin + 1, end):
        word = text.lower[i]
        if _in_office(text, i):
            return i - 1
        if word in PREPOSITIONS or word in RELATIVES or text.words[i] in (",", "("):
            return i - 1
    return end - 1


def is_plural(text: Text, phrase: Stretch) -> bool:
    """Whether a noun phrase stands for more than one: officials, Reed and Moss."""
    head = text.lower[head_of(text, phrase)]
    return is_joined(text, phrase) or head in CROWDS or (head.endswith("s") and not head.endswith(("ss", "us", "'s")))


def is_joined(text: Text, phrase: Stretch) -> bool:
    """Whether a noun phrase is several, joined by "and" or "or"."""
    return any(text.lower[i] in ("and", "or", "&") for i in range(phrase[0] + 1, phrase[1] - 1))


def is_head(text: Text, phrase: Stretch, name: Name) -> bool:
    """Whether a name is what a noun phrase stands for, not part of a description: not "a friend of Reed"."""
    first, after = name.words
    begin = next((i + 1 for i in range(first - 1, phrase[0] - 1, -1) if text.words[i] == ","), phrase[0])
    if any(text.lower[i] in PREPOSITIONS and not _in_modifier(text, i, first) for i in range(begin, first)):
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


def _in_modifier(text: Text, i: int, name: int) -> bool:
    """Whether a word is the "of" of what stands before a name: Secretary of State Ann Reed, Bank of Oslo analyst …"""
    between = text.lower[i + 1 : name]
    return text.lower[i] == "of" and text.words[i - 1][0].isupper() and any(word not in OFFICES for word in between)


def _in_office(text: Text, i: int) -> bool:
    """Whether a word is the "of" of an office and its portfolio: the secretary of state."""
    return text.lower[i] == "of" and text.lower[i - 1] in ("secretary", "minister")


def _apposition(text: Text, part: Stretch, names: Names) -> Name | None:
    """The person whose name is what stands after a comma."""
    if text.words[part[0] - 1] != "," or text.words[part[0]] in PREPOSITIONS | {"including", "such", "especially"}:
        return None
    return next((name for name in names.within(part) if name.is_person and is_head(text, part, name)), None)


def _heads(text: Text, part: Stretch, names: Names) -> bool:
    return any(name.is_person and is_head(text, part, name) for name in names.within(part))


def _parts(text: Text, begin: int, end: int) -> list[Stretch]:
    """The stretches between commas, dashes and brackets, and before a relative clause."""
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
    """Whether what stands between commas is a list: Norway, its allies and most farmers."""
    rest = (parts[1][0], parts[-1][1])
    joined = next((i for i in range(*rest) if text.lower[i] in ("and", "or")), None)
    if joined is None or text.words[parts[1][0] - 1] != ",":
        return False
    first, word = text.lower[parts[1][0]], text.words[parts[1][0]]
    if first in ("a", "an") or (first == "the" and _heads(text, parts[0], names)):
        return False
    second = [name for name in names.within(parts[1]) if name.words[0] == parts[1][0]]
    return bool(second) or first in POSSESSIVES or (first in ARTICLES | CROWDS and word.islower()) or first == "and"


def _without_edges(text: Text, begin: int, end: int) -> Stretch:
    while end - begin > 1 and not _may_end(text, begin, end - 1):
        end -= 1
    while end - begin > 1 and (text.lower[begin] in LEADS or not text.words[begin][0].isalnum()):
        begin += 1
    return begin, end


def _may_end(text: Text, begin: int, i: int) -> bool:
    """Whether a noun phrase may end with word i: not with a comma, nor with a mark that nothing in it opens."""
    word = text.words[i]
    if word in MARKS:
        return any(text.words[k] in MARKS for k in range(begin, i))
    return word[-1].isalnum() or text.lower[i] in ("'s", "'") or (word[-1] == "." and word[0].isalpha())
