"""What a cue says: the word that counts in it, its base form and class, and whether it is denied or passive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from .lexicon import LIGHT, NEGATIONS, NOUN_CLASS, OTHER_CLASS, PHRASE_CLASS, REFUSALS, VERB_CLASS
from .words import ARTICLES, BE, POSSESSIVES, PREPOSITIONS, listed

if TYPE_CHECKING:
    from .text import Stretch, Text

Kind = Literal["verb", "noun", "phrase", "other"]

FUNCTION_WORDS = listed("""
    a about after again all already also always an and any are as at be been being but ca can could did do does even
    ever first for from had has have having he her his how i in into is it its just later may me might must my n't never
    no not now of often on once one only or other our out over own recently repeatedly same shall she should since so
    some still such that the their them then there they this to today too under up was we were what when which who will
    wo would yesterday yet you your 's 've 'd 'll 're 'm monday tuesday wednesday thursday friday saturday sunday
    """)
"""Words that are no head while there is another, whatever the lexicon says of them."""
DETERMINERS = ARTICLES | POSSESSIVES | {"this", "that"}
NOBODY = listed("no nobody none neither")
FARTHEST_NEGATION = 3
"""How many words before a cue a negation may stand that belongs to it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What the words of a cue amount to."""

    lemma: str | None
    """The base form of its head: say, point out, statement."""
    cue_class: str | None
    """Its class in the lexicon; None for what that does not have."""
    kind: Kind
    """What the head is."""
    head: int
    """The word that is the head."""
    negated: bool
    """Whether the text says that it was not said: did not say, refused to say, without saying."""
    refused: bool
    """Whether it does so, or says no more, by a verb of refusal."""
    passive: bool
    """Whether it leaves out by whom: was told, is expected."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    at: int
    lemma: str
    cue_class: str | None
    kind: Kind


def read_cue(text: Text, words: Stretch) -> Cue:
    """What a cue says. It has at least one word."""
    head = _head(text, words)
    refused = any(REFUSALS.intersection(_verb_lemmas(text.lower[i])) for i in range(words[0], head.at))
    return Cue(
        head.lemma,
        head.cue_class,
        head.kind,
        head.at,
        negated=refused or _negated(text, words, head.at),
        refused=refused or head.lemma in REFUSALS,
        passive=head.kind in ("verb", "phrase") and _passive(text, words, head.at),
    )


# ── The head ─────────────────────────────────────────────────────────────────────────────────────


def _head(text: Text, words: Stretch) -> _Candidate:
    """The first word that says what is done. Words that leave it to another count only where there is none: light ones,
    and what it is done in (said in a statement, wrote a letter warning).
    """
    phrases = [phrase for i in range(*words) for phrase in _phrases(text, words, i)]
    single = [candidate for i in range(*words) if (candidate := _single(text, words, i))]
    strong = [c for c in single if text.lower[c.at] not in FUNCTION_WORDS and c.lemma not in LIGHT]
    if phrases and not any(c.at < phrases[0].at for c in strong):
        return max((p for p in phrases if p.at == phrases[0].at), key=lambda p: len(p.lemma))
    if strong:
        return next((c for c in strong if not (c.kind == "noun" and c.cue_class == "say")), strong[0])
    unknown = _unknown(text, words)
    grammatical = text.lower[unknown.at] in FUNCTION_WORDS | PREPOSITIONS
    light = [c for c in single if text.lower[c.at] not in FUNCTION_WORDS or grammatical]
    if light and (light[0].lemma not in PREPOSITIONS or grammatical):
        return light[0]
    return unknown


def _phrases(text: Text, words: Stretch, i: int) -> Iterator[_Candidate]:
    for lemma in _bases(text.lower[i]):
        for phrase in _PHRASES_BY_FIRST.get(lemma, ()):
            k = i
            for word in phrase[1:]:
                reach = range(k + 1, min(words[1], k + 4))
                k = next((j for j in reach if word == text.lower[j] or word in _bases(text.lower[j])), -1)
                if k < 0:
                    break
            if k >= 0:
                joined = " ".join(phrase)
                yield _Candidate(i, joined, PHRASE_CLASS[joined], "phrase")


def _single(text: Text, words: Stretch, i: int) -> _Candidate | None:
    word = text.lower[i]
    verb = next((lemma for lemma in _verb_lemmas(word) if lemma in VERB_CLASS), None)
    noun = next((lemma for lemma in _noun_lemmas(word) if lemma in NOUN_CLASS), None)
    if noun and (verb is None or _is_noun(text, words, i)):
        return _Candidate(i, noun, NOUN_CLASS[noun], "noun")
    if word in OTHER_CLASS and (verb is None or word.endswith("ed")):
        return _Candidate(i, word, OTHER_CLASS[word], "other")
    if verb:
        return _Candidate(i, verb, VERB_CLASS[verb], "verb")
    return None


def _is_noun(text: Text, words: Stretch, i: int) -> bool:
    """Whether a form that is a verb too is a noun here, by the words around it: his latest claim, calls from."""
    if i > 0 and (text.lower[i - 1] in DETERMINERS or text.lower[i - 1] in ("no", "any", "some", "more")):
        return True
    if i > words[0]:
        before = text.lower[i - 1]
        return before not in FUNCTION_WORDS and not before.endswith("ly")
    return text.words[i].islower() and i + 1 < words[1] and text.lower[i + 1] in ("of", "from", "by")


def _unknown(text: Text, words: Stretch) -> _Candidate:
    """The first word that is more than grammar, with the base form of the verb that it may be."""
    content = [i for i in range(*words) if text.lower[i] not in FUNCTION_WORDS and text.words[i][0].isalpha()]
    at = next((i for i in content if not text.lower[i].endswith("ly")), content[0] if content else words[0])
    lemmas = _verb_lemmas(text.lower[at])
    return _Candidate(at, lemmas[0] if lemmas else text.lower[at], None, "other")


# ── What it is in the sentence ───────────────────────────────────────────────────────────────────


def _negated(text: Text, words: Stretch, head: int) -> bool:
    if any(_denies(text, i) for i in range(words[0], head)):
        return True
    sentence = text.sentences[text.sentence_of[words[0]]][0]
    return _denied(text.lower[max(words[0] - FARTHEST_NEGATION, sentence) : words[0]])


def _denies(text: Text, i: int) -> bool:
    """Whether a word before a head denies it: not, but not "not only"; yet to."""
    following = text.lower[i + 1] if i + 1 < len(text.lower) else ""
    if text.lower[i] == "yet":
        return following == "to"
    return text.lower[i] in NEGATIONS and following not in ("only", "just", "merely")


def _denied(earlier: Sequence[str]) -> bool:
    """Whether a negation stands right before a cue, or with an auxiliary or adverb between."""
    for word in reversed(earlier):
        if word in ("not", "n't", "never", "neither", "nor", "without", "cannot"):
            return True
        if word not in FUNCTION_WORDS and not word.endswith("ly"):
            return False
    return False


def _passive(text: Text, words: Stretch, head: int) -> bool:
    """Whether a participle has a form of "be" before it and no "by" after it."""
    form = text.lower[head]
    if not (form.endswith(("ed", "n", "t")) or form in _PARTICIPLES) or form.endswith("ing"):
        return False
    before = [text.lower[i] for i in range(max(words[0] - 2, 0), head)]
    while before and (before[-1] in ("not", "n't", "also", "once", "widely") or before[-1].endswith("ly")):
        before.pop()
    agent = "by" in text.lower[head + 1 : words[1] + 1]
    return bool(before) and before[-1] in BE and not agent


_PARTICIPLES = frozenset({"told", "said", "held", "found", "read", "put", "heard", "made", "understood"})


def is_nobody(text: Text, source: Stretch) -> bool:
    """Whether a source says that nobody did it: no official, none of them."""
    return text.lower[source[0]] in NOBODY


# ── Base forms ───────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=20_000)
def _verb_lemmas(word: str) -> tuple[str, ...]:
    return _lemmas(word, "VERB")


@lru_cache(maxsize=20_000)
def _noun_lemmas(word: str) -> tuple[str, ...]:
    return _lemmas(word, "NOUN")


def _lemmas(word: str, tag: str) -> tuple[str, ...]:
    from lemminflect import getLemma

    if not word or not word[0].isalpha():
        return (word,) if word else ()
    found = getLemma(word, tag)
    american = [lemma[:-3] + "ize" for lemma in found if lemma.endswith("ise")]
    american += [lemma.replace("our", "or") for lemma in found if "our" in lemma]
    return (*found, *american)


@lru_cache(maxsize=20_000)
def _bases(word: str) -> tuple[str, ...]:
    return (*_verb_lemmas(word), *_noun_lemmas(word), word)


_PHRASES_BY_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _phrase in PHRASE_CLASS:
    _PHRASES_BY_FIRST.setdefault(_phrase.split()[0], []).append(tuple(_phrase.split()))
