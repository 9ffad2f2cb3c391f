"""Cues in a sentence: reporting verbs outside quotation marks, who does the saying, and where what is said begins."""

from __future__ import annotations

from dataclasses import dataclass

from . import grammar as g
from .lexicon import FORMS, INVERTING, NOUNS_TOO, PHRASES, STATE_VERBS, Form
from .phrases import is_adverb, is_finite, main_subject, opening_phrase, phrase_after, subject_before
from .text import Stretch, Text

FARTHEST_THAT = 8
"""How many words may stand between a verb and its "that"."""


@dataclass(slots=True)
class Cue:
    """A reporting verb, with its subject and what follows it as far as there are any."""

    words: Stretch
    form: Form
    source: Stretch
    inverted: bool = False
    """Whether the source follows: said the minister."""
    elided: bool = False
    """Whether the subject stands in another clause: "…, saying", "and said"."""
    fronted: bool = False
    """Whether a participle opens the sentence: "Noting that …, he left"."""
    negated: bool = False
    content: int | None = None
    """Where what is said begins, if it follows the verb."""
    until: int | None = None
    """Where it ends at the latest, for a fronted one."""
    cut: int | None = None
    """Where the content of an earlier cue ends because this one begins a clause of its own."""


def cues_in(text: Text, begin: int, end: int) -> list[Cue]:
    """The cues of a sentence in order."""
    cues: list[Cue] = []
    for i in range(begin, end):
        if text.quoted(i):
            continue
        form, length = FORMS.get(text.words[i]), 1
        if i + 1 < end and (text.lower[i], text.lower[i + 1]) in PHRASES:
            form, length = PHRASES[text.lower[i], text.lower[i + 1]], 2
        if i == begin or (i == begin + 1 and text.lower[begin] in g.CONJUNCTIONS):
            form = FORMS.get(text.lower[i])
            form = form if form and form.kind == "participle" else None
        if form is None:
            continue
        cue = _cue(text, begin, end, (i, i + length), form, cues)
        if cue:
            cues.append(cue)
    return cues


def _cue(text: Text, begin: int, end: int, words: Stretch, form: Form, earlier: list[Cue]) -> Cue | None:
    verb, be, modal, infinitive, negated = _verb_group(text, begin, words[0])
    if modal or infinitive or (form.kind == "past" and be):
        return None
    if words[1] < end and text.lower[words[1]] == "by":
        return None
    content = complement(text, words[1], end, form)
    if form.kind == "participle" and not be:
        return _participle(text, begin, end, words, form, content)
    inverted = _inverted(text, begin, end, words, form, verb)
    if inverted:
        return inverted
    helped = verb < words[0]
    before = text.lower[verb - 1] if verb > begin else ""
    if before in ("and", "but") or (before in ("then", "also") and text.lower[verb - 2] in ("and", "but")):
        return _second_verb(text, begin, end, words, form, verb, content, earlier)
    if before == ",":
        source = opening_phrase(text, begin, verb - 1)
        weak = content is None
    else:
        source = subject_before(text, begin, verb)
        weak = False
    if source is None or weak:
        return None
    pronoun = text.lower[source[0]] in g.SUBJECT_PRONOUNS
    noun = words[0] == verb and text.words[words[0]] in NOUNS_TOO and not pronoun
    if noun and not (content is not None and _clear_clause(text, content)):
        return None
    if form.kind == "base" and not helped and not _plural(text, source):
        return None
    if text.lower[source[0]] == "that" and source[1] - source[0] == 1:
        return None
    if _conditional(text, begin, source[0]):
        return None
    cue = Cue(words, form, source, negated=negated, content=content)
    if content is not None:
        cue.cut = _cut(text, begin, source)
    return cue


def _verb_group(text: Text, begin: int, verb: int) -> tuple[int, bool, bool, bool, bool]:
    """Where the verb's auxiliaries and adverbs begin; whether it has a form of "be", a modal, "to", a negation."""
    be = modal = infinitive = negated = False
    while verb > begin:
        word = text.lower[verb - 1]
        if word in g.NEGATIONS:
            negated = True
        elif word in g.AUXILIARIES and not (
            word == "'s" and text.lower[verb] not in g.BE and not is_adverb(text, verb)
        ):
            be = be or word in g.BE
        elif word in g.MODALS:
            modal = True
        elif word == "to":
            infinitive = True
        elif not is_adverb(text, verb - 1) or word in ("himself", "herself", "itself", "themselves"):
            break
        verb -= 1
    return verb, be, modal, infinitive, negated


def _participle(text: Text, begin: int, end: int, words: Stretch, form: Form, content: int | None) -> Cue | None:
    i = words[0]
    if content is None:
        return None
    if i - begin <= 1 and (i == begin or text.lower[begin] in g.CONJUNCTIONS):
        for comma in range(content + 1, end - 1):
            if text.words[comma] == "," and not text.quoted(comma):
                source = _clause_subject(text, comma + 1, end)
                if source:
                    return Cue(words, form, source, elided=True, fronted=True, content=content, until=comma)
        return None
    comma_before = text.words[i - 1] == ","
    if not comma_before and not _clear_clause(text, content):
        return None
    if not comma_before and (text.lower[i - 1] in g.PREPOSITIONS or text.lower[i - 1] in g.DETERMINERS):
        return None
    quoted_before = comma_before and i >= 2 and text.quoted(i - 2)
    source = None if quoted_before else main_subject(text, begin, i, nearest=True)
    if source is None:
        return None
    return Cue(words, form, source, elided=True, content=content, cut=i - 1 if comma_before else None)


def _clause_subject(text: Text, begin: int, end: int) -> Stretch | None:
    """The subject of a clause that begins at `begin`, if one does."""
    for i in range(begin + 1, min(end, begin + 14)):
        if text.quoted(i) or text.words[i] in (",", ";", ":"):
            return None
        if is_finite(text, i, end) or (text.words[i].islower() and text.words[i].endswith("ed") and i > begin):
            return main_subject(text, begin, min(i + 2, end)) or subject_before(text, begin, i)
    return None


def _inverted(text: Text, begin: int, end: int, words: Stretch, form: Form, verb: int) -> Cue | None:
    """A cue before its source, after a quotation or a comma: "…," said the minister."""
    if form.verb.lemma not in INVERTING or form.kind not in ("past", "third") or verb != words[0]:
        return None
    at = verb - 1
    if at < 0 or text.paragraph_of[at] != text.paragraph_of[verb]:
        return None
    after_quotation = text.quoted(at) or (text.words[at] == "," and at > 0 and text.quoted(at - 1))
    if not after_quotation and not (at > begin and text.words[at] == ","):
        return None
    source = phrase_after(text, words[1], end)
    if source is None or text.lower[source[0]] in g.COMPLEMENTIZERS:
        return None
    if not after_quotation:
        stop = source[1]
        if stop < end - 1 and text.words[stop] not in (",", ".", "!", "?"):
            return None
        if opening_phrase(text, begin, at) and not _clause_subject(text, begin, at):
            return None
    return Cue(words, form, source, inverted=True)


def _second_verb(
    text: Text, begin: int, end: int, words: Stretch, form: Form, verb: int, content: int | None, earlier: list[Cue]
) -> Cue | None:
    """A verb that shares its subject with one before it: "He arrived and said …"."""
    if content is None or form.kind == "base":
        return None
    noun = text.words[words[0]] in NOUNS_TOO
    if (noun or form.verb.lemma in STATE_VERBS) and not _clear_clause(text, content):
        return None
    conjunction = verb - 1 if text.lower[verb - 1] in ("and", "but") else verb - 2
    if conjunction <= begin:
        return None
    if earlier and not earlier[-1].inverted:
        source: Stretch | None = earlier[-1].source
    else:
        source = main_subject(text, begin, conjunction)
    if source is None:
        return None
    cut = conjunction - 1 if text.words[conjunction - 1] == "," else conjunction
    return Cue(words, form, source, elided=True, content=content, cut=cut)


def _cut(text: Text, begin: int, source: Stretch) -> int | None:
    at = source[0] - 1
    conjunction = at > begin and (
        text.lower[at] in g.CONJUNCTIONS or text.lower[at] in g.CONCESSIVES or is_adverb(text, at)
    )
    if conjunction:
        at -= 1
    pronoun = text.lower[source[0]] in g.SUBJECT_PRONOUNS and source[1] - source[0] == 1
    breaks = at > begin and (text.words[at] in (",", ";") or text.is_dash(at))
    return at if breaks and (conjunction or not pronoun) else None


def _plural(text: Text, source: Stretch) -> bool:
    words = text.lower[source[0] : source[1]]
    return (
        "and" in words
        or words[-1] in ("they", "we", "i", "you", "people", "police", "some", "many", "most", "others", "women", "men")
        or (words[-1].endswith("s") and words[-1] not in ("'s", "this", "is"))
        or any(word.endswith("s") and text.words[source[0] + k].islower() for k, word in enumerate(words))
    )


def _conditional(text: Text, begin: int, source: int) -> bool:
    return source > begin and text.lower[source - 1] in ("if", "whether", "unless")


def _clear_clause(text: Text, i: int) -> bool:
    return text.lower[i] in g.COMPLEMENTIZERS or text.quoted(i) or text.lower[i] in g.SUBJECT_PRONOUNS


def complement(text: Text, i: int, end: int, form: Form) -> int | None:
    """Where what is said begins after a verb that ends before `i`; None where nothing that fits follows."""
    kinds = form.verb.complements
    if "quote" in kinds:
        for k in range(i, min(end, i + 6)):
            if text.quoted(k):
                return k
            if text.words[k] in (",", ".", ";", ":") or text.lower[k] in g.CONJUNCTIONS:
                return None
        return None
    start = after_adjuncts(text, i, end)
    that = _that(text, i, end) if start > i or (i < end and text.lower[i] in g.PREPOSITIONS) else None
    if that is not None:
        start = that
    if start >= end or text.words[start] in g.STOPS:
        return None
    word = text.lower[start]
    if word in g.COMPLEMENTIZERS or text.quoted(start):
        return start
    if word in ("if",) and form.verb.lemma in ("ask", "wonder", "question"):
        return start
    if "addressee" in kinds:
        content = _after_addressee(text, start, end)
        if content is not None:
            return content
    if is_boundary_word(text, start):
        return None
    if "clause" in kinds and _clause_like(text, start, end, form):
        return start
    if "thing" in kinds and start == i and word not in g.PREPOSITIONS and word not in g.ADVERBS:
        return start if text.words[start][0].isalnum() else None
    if "that" in kinds and (word in g.SUBJECT_PRONOUNS or word == "there"):
        return start
    if word in g.ARTICLES and "that" in kinds and form.verb.cue_class == "insist":
        return start
    return None


def is_boundary_word(text: Text, i: int) -> bool:
    """Whether nothing that is said can begin with word i."""
    return (
        text.words[i] in (",", ";", ":", "’", "'", ")", "(")
        or text.is_dash(i)
        or text.lower[i] in g.CONJUNCTIONS
        or text.lower[i] in ("so", "to", "'s")
    )


def _clause_like(text: Text, i: int, end: int, form: Form) -> bool:
    word = text.lower[i]
    if form.verb.lemma == "say":
        return word not in g.PREPOSITIONS or any(is_finite(text, k, end) for k in range(i, end))
    return (
        word in g.DETERMINERS
        or word in g.SUBJECT_PRONOUNS
        or word == "there"
        or text.words[i][0].isupper()
        or (text.words[i].isalpha() and word.endswith("s") and word not in g.PREPOSITIONS)
    )


def _that(text: Text, i: int, end: int) -> int | None:
    for k in range(i, min(end, i + FARTHEST_THAT)):
        if text.words[k] in (",", ";", ":") or text.quoted(k) or is_finite(text, k, end):
            return None
        if text.lower[k] == "that" and k > i:
            return k
    return None


def after_adjuncts(text: Text, i: int, end: int) -> int:
    """Past adverbs and times and occasions: "said on Tuesday", "said in an interview"."""
    while i < end:
        word = text.lower[i]
        following = text.lower[i + 1] if i + 1 < end else ""
        if text.quoted(i):
            return i
        if word in g.DAYS or (is_adverb(text, i) and word not in ("even", "only", "just", "once", "since")):
            i += 1
        elif word in ("on", "in", "early", "late", "since", "during") and (
            following in g.DAYS or following in g.MONTHS or following in ("early", "late", "mid")
        ):
            i += 2
        elif word in g.MONTHS and text.words[i][0].isupper():
            i += 1
        elif word in ("last", "this", "next", "earlier") and (
            following in g.TIME_UNITS or following in g.DAYS | g.MONTHS
        ):
            i += 2
        elif word.isdigit() and i > 0 and text.lower[i - 1] in g.MONTHS:
            i += 1
        elif word in ("in", "at", "during", "to", "via", "through", "by", "on", "after", "before"):
            stop = next(
                (
                    k + 1
                    for k in range(i + 1, min(end, i + 6))
                    if text.lower[k].rstrip("s") in g.OCCASIONS or text.lower[k] in g.OCCASIONS
                ),
                None,
            )
            if stop is None or any(text.words[k] in (",", ".") or text.quoted(k) for k in range(i, stop)):
                return i
            while stop < end and text.lower[stop].rstrip("s") in g.OCCASIONS:
                stop += 1
            i = stop
        else:
            return i
    return i


def _after_addressee(text: Text, i: int, end: int) -> int | None:
    """Where what is said begins after those to whom it is said."""
    for k in range(i + 1, min(end, i + FARTHEST_THAT)):
        word = text.lower[k]
        if text.words[k] in (",", ".", ";", ":") or text.lower[k - 1] in g.CONJUNCTIONS:
            return None
        if word in g.COMPLEMENTIZERS or text.quoted(k) or word == "to":
            return k
        if word in g.SUBJECT_PRONOUNS and word != "you":
            return k
        if word in g.DETERMINERS and text.lower[k - 1] not in g.PREPOSITIONS:
            return k
        if word in g.PREPOSITIONS:
            after = after_adjuncts(text, k, end)
            if after > k and after < end:
                return after if text.words[after] not in (",", ".") else None
            if word in ("about", "of"):
                return None
    return None
