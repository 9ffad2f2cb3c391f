"""Gender of the persons in an article.

Inferred from titles, nouns, given names and resolved pronouns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .words import word_set

if TYPE_CHECKING:
    from .names import Name, Names
    from .text import Text

Gender = Literal["he", "she"]


TITLES: dict[str, Gender] = {
    **dict.fromkeys(
        word_set("""
        mr sir lord king prince emperor sheikh pope imam rabbi bishop archbishop cardinal father brother husband son
        congressman chairman spokesman businessman councilman assemblyman alderman salesman anchorman policeman actor
        uncle nephew grandfather
        """),
        "he",
    ),
    **dict.fromkeys(
        word_set("""
        mrs ms miss madam lady queen princess empress sister mother wife daughter congresswoman chairwoman spokeswoman
        businesswoman councilwoman assemblywoman alderwoman anchorwoman policewoman actress aunt niece grandmother nun
        """),
        "she",
    ),
}
"""Nouns before or after a name, in lower case without a full stop."""
MEN = word_set("""
    aaron abdul abdullah abraham adam ahmad ahmed alan albert alejandro alex alexander alexei ali allen andrei andrew
    anthony antonio arthur barack ben benjamin bernard bernie bill bob boris brad bradley brian bruce carl carlos
    charles chris christopher chuck craig daniel dave david dennis dmitry don donald doug douglas ed edward emmanuel
    eric ernest francis francois frank franklin fred frederick gary geoffrey george gerald gordon graham greg gregory
    hamid harold harry hassan henry howard hugh hussein ian ibrahim igor ivan jack jacob jake james jason javier jeff
    jeffrey jeremy jerome jerry jim jimmy joe joel john jonathan jorge jose joseph josh joshua juan justin karl keith
    ken kenneth kevin khalid lars larry lawrence leonard lindsey luis luke mahmoud manuel marc marco mario mark martin
    matt matthew michael miguel mikhail mike mitch mitt mohamed mohammad mohammed muhammad nathan neil nicholas nick
    nicolas nikolai norman oleg oliver omar oscar pablo patrick paul pavel pedro peter phil philip pierre ralph ramon
    raymond recep reince rex ricardo richard rick rob robert rodrigo roger roman ron ronald roy russell ryan sam samuel
    scott sean sebastian sergei sergey shinzo simon stephen steve steven stuart ted terry theodore thomas tim timothy
    todd tom tony vernon victor vincent viktor vladimir walter warren wayne wesley william xavier yasser yuri
    """)
WOMEN = word_set("""
    abigail agnes aisha alice alicia alison amanda amy ana andrea angela anita ann anna anne annette annie barbara
    beth betsy betty beverly bonnie brenda carly carmen carol caroline carolyn catherine cecile charlotte cheryl
    christina christine cindy claire claudia condoleezza cynthia deborah debbie denise diana diane donna dorothy eleanor
    elena elisabeth elizabeth ellen emily emma erica erin esther eva evelyn fatima fiona florence frances francesca
    gabriela gail gina gloria grace hannah heather heidi helen helena hillary huma ingrid irene isabel ivanka jacqueline
    jane janet jean jeanne jennifer jessica jill joan joanna joyce judith judy julia julie karen kate katherine kathleen
    kathryn kathy katie kellyanne kimberly kirsten laura lauren leila leslie linda lisa liz loretta louise lucy lynn
    madeleine margaret maria marie marilyn marine martha mary maya megan melania melissa michelle miriam monica nadia
    nancy naomi natalia natalie nicola nikki nina olga olivia pamela patricia patty paula peggy rachel rebecca rita rosa
    rose ruth sally samantha sandra sara sarah shannon sharon sheila shirley sofia sonia sophia stephanie sue susan
    suzanne svetlana sylvia tatiana theresa tiffany tina valerie vanessa vera veronica victoria virginia wendy yulia
    """)
"""Given names that are nearly always a man's or a woman's in English-language news."""


class Genders:
    """Known genders of an article's persons, by name."""

    def __init__(self, text: Text, names: Names) -> None:
        """Read titles, appositions and given names."""
        self._full: dict[str, Gender | None] = {}
        self._family: dict[str, Gender | None] = {}
        for name in names.all:
            if name.is_person and (known := _infer_gender(text, name)):
                self._note(name, known)

    def of(self, name: Name) -> Gender | None:
        """Return a person's gender if known.

        A family name that several persons share is not enough.
        """
        full = self._full.get(name.mention.text.lower())
        return full or self._family.get(name.last)

    def learn(self, name: Name, gender: Gender) -> None:
        """Learn the gender of a person from a pronoun, unless more is known."""
        if name.is_person and self.of(name) is None and name.last not in self._family:
            self._note(name, gender)

    def _note(self, name: Name, gender: Gender) -> None:
        for known, key in ((self._full, name.mention.text.lower()), (self._family, name.last)):
            known[key] = gender if known.get(key, gender) == gender else None


def _infer_gender(text: Text, name: Name) -> Gender | None:
    begin, end = name.words
    before = begin - 1
    if before > 0 and text.words[before] == ",":
        before -= 1
    title = TITLES.get(text.lower[before].rstrip(".")) if before >= 0 else None
    if title and (before == begin - 1 or is_kin_title(text.lower[before])):
        return title
    given = text.lower[begin]
    if end - begin > 1 and given in MEN | WOMEN:
        return "he" if given in MEN else "she"
    if end + 2 < len(text.words) and text.words[end] == ",":
        for i in range(end + 1, min(end + 5, len(text.words))):
            if text.words[i] == ",":
                break
            if text.lower[i] in TITLES:
                return TITLES[text.lower[i]]
    return None


KIN = word_set("father brother husband son uncle nephew sister mother wife daughter aunt niece grandfather grandmother")


def is_kin_title(word: str) -> bool:
    """Whether a noun may precede a name with a comma between: his wife, Jane."""
    return word in KIN or word.endswith(("man", "woman"))
