"""Reading of cues: head, base form, class, negation and voice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from .lexicon import LIGHT, NEGATIONS, NOUN_CLASS, OTHER_CLASS, PHRASE_CLASS, REFUSALS, VERB_CLASS
from .words import ARTICLES, BE, POSSESSIVES, PREPOSITIONS, word_set

if TYPE_CHECKING:
    from .text import Stretch, Text

Kind = Literal["verb", "noun", "phrase", "other"]

FUNCTION_WORDS = word_set("""
    a about after again all already also always an and any are as at be been being but ca can could did do does even
    ever first for from had has have having he her his how i in into is it its just later may me might must my n't never
    no not now of often on once one only or other our out over own recently repeatedly same shall she should since so
    some still such that the their them then there they this to today too under up was we were what when which who will
    wo would yesterday yet you your 's 've 'd 'll 're 'm monday tuesday wednesday thursday friday saturday sunday
    """)
"""Words that are the head only if there is no other, whatever the lexicon says."""
DETERMINERS = ARTICLES | POSSESSIVES | {"this", "that"}
NOBODY = word_set("no nobody none neither")
FARTHEST_NEGATION = 3
"""In words before the cue, for a negation that belongs to it."""


@dataclass(frozen=True, slots=True)
class Cue:
    """The reading of a cue."""

    lemma: str | None
    """Base form of the head: say, point out, statement."""
    cue_class: str | None
    """Class in the lexicon; None for words that it does not have."""
    kind: Kind
    """Kind of the head."""
    head: int
    """Position of the head."""
    negated: bool
    """Whether the text denies the statement: did not say, refused to say, without saying."""
    refused: bool
    """Whether a verb of refusal denies it, or is all that the cue says."""
    passive: bool
    """Whether the cue leaves out the source: was told, is expected."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    at: int
    lemma: str
    cue_class: str | None
    kind: Kind


def read_cue(text: Text, words: Stretch) -> Cue:
    """Read a cue of at least one word."""
    head = _find_head(text, words)
    refused = any(REFUSALS.intersection(_verb_lemmas(text.lower[i])) for i in range(words[0], head.at))
    return Cue(
        head.lemma,
        head.cue_class,
        head.kind,
        head.at,
        negated=refused or _is_negated(text, words, head.at),
        refused=refused or head.lemma in REFUSALS,
        passive=head.kind in ("verb", "phrase") and _is_passive(text, words, head.at),
    )


# ── The head ─────────────────────────────────────────────────────────────────────────────────────


def _find_head(text: Text, words: Stretch) -> _Candidate:
    """Return the first word that names the act.

    Light verbs and nouns for the medium (said in a statement, wrote a letter warning) count only if there is nothing
    else.
    """
    phrases = [phrase for i in range(*words) for phrase in _find_phrases(text, words, i)]
    single = [candidate for i in range(*words) if (candidate := _read_single(text, words, i))]
    strong = [c for c in single if text.lower[c.at] not in FUNCTION_WORDS and c.lemma not in LIGHT]
    if phrases and not any(c.at < phrases[0].at for c in strong):
        return max((p for p in phrases if p.at == phrases[0].at), key=lambda p: len(p.lemma))
    if strong:
        return next((c for c in strong if not (c.kind == "noun" and c.cue_class == "say")), strong[0])
    unknown = _read_unknown(text, words)
    grammatical = text.lower[unknown.at] in FUNCTION_WORDS | PREPOSITIONS
    light = [c for c in single if text.lower[c.at] not in FUNCTION_WORDS or grammatical]
    if light and (light[0].lemma not in PREPOSITIONS or grammatical):
        return light[0]
    return unknown


def _find_phrases(text: Text, words: Stretch, i: int) -> Iterator[_Candidate]:
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


def _read_single(text: Text, words: Stretch, i: int) -> _Candidate | None:
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
    """Whether a form that may be a verb is a noun here: his latest claim, calls from."""
    if i > 0 and (text.lower[i - 1] in DETERMINERS or text.lower[i - 1] in ("no", "any", "some", "more")):
        return True
    if i > words[0]:
        before = text.lower[i - 1]
        return before not in FUNCTION_WORDS and not before.endswith("ly")
    return text.words[i].islower() and i + 1 < words[1] and text.lower[i + 1] in ("of", "from", "by")


def _read_unknown(text: Text, words: Stretch) -> _Candidate:
    """Return the first content word, with its base form as a verb if it has one."""
    content = [i for i in range(*words) if text.lower[i] not in FUNCTION_WORDS and text.words[i][0].isalpha()]
    at = next((i for i in content if not text.lower[i].endswith("ly")), content[0] if content else words[0])
    lemmas = _verb_lemmas(text.lower[at])
    return _Candidate(at, lemmas[0] if lemmas else text.lower[at], None, "other")


# ── The cue in its sentence ──────────────────────────────────────────────────────────────────────


def _is_negated(text: Text, words: Stretch, head: int) -> bool:
    if any(_is_denying(text, i) for i in range(words[0], head)):
        return True
    sentence = text.sentences[text.sentence_of[words[0]]][0]
    return _is_denied(text.lower[max(words[0] - FARTHEST_NEGATION, sentence) : words[0]])


def _is_denying(text: Text, i: int) -> bool:
    """Whether a word before a head denies it: "not", "yet to", but not "not only"."""
    following = text.lower[i + 1] if i + 1 < len(text.lower) else ""
    if text.lower[i] == "yet":
        return following == "to"
    return text.lower[i] in NEGATIONS and following not in ("only", "just", "merely")


def _is_denied(earlier: Sequence[str]) -> bool:
    """Whether a negation precedes a cue, apart from auxiliaries and adverbs."""
    for word in reversed(earlier):
        if word in ("not", "n't", "never", "neither", "nor", "without", "cannot"):
            return True
        if word not in FUNCTION_WORDS and not word.endswith("ly"):
            return False
    return False


def _is_passive(text: Text, words: Stretch, head: int) -> bool:
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
