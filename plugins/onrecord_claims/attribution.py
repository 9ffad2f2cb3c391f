"""Attributions: cues and quotations put together into who says what, as stretches of words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from . import grammar as g
from .cues import Cue, after_adjuncts, cues_in
from .lexicon import STATE_VERBS
from .phrases import phrase_after, without_lead
from .text import Quotation, Stretch, Text

FEWEST_WORDS = 3
"""A quotation of fewer words is a claim only with a cue beside it."""


@dataclass(slots=True)
class Attribution:
    """Something said, as stretches of words."""

    contents: list[Stretch]
    quote_type: Literal["direct", "indirect", "mixed"]
    confidence: float
    cue: Stretch | None = None
    lemma: str | None = None
    cue_class: str | None = None
    source: Stretch | None = None
    negated: bool = False

    @property
    def begin(self) -> int:
        """The first word of any of its stretches."""
        return min(a for a, _ in [*self.contents, *filter(None, (self.cue, self.source))])


def attributions(text: Text) -> list[Attribution]:
    """All attributions of an article, in the order of the text."""
    found: list[Attribution] = []
    cues = {number: cues_in(text, *sentence) for number, sentence in enumerate(text.sentences)}
    used: set[int] = set()
    found += _from_quotations(text, cues, used)
    for number, sentence in enumerate(text.sentences):
        found += _from_cues(text, sentence, cues[number], used)
        found += _according_to(text, sentence)
    return sorted((a for a in found if a.contents), key=lambda a: (a.begin, a.contents))


# ── Quotations ───────────────────────────────────────────────────────────────────────────────────


def _from_quotations(text: Text, cues: dict[int, list[Cue]], used: set[int]) -> list[Attribution]:
    found: list[Attribution] = []
    open_claim: Attribution | None = None
    for n, quotation in enumerate(text.quotations):
        if not _stands_alone(text, quotation):
            continue
        previous = text.quotations[n - 1] if n else None
        same_paragraph = previous is not None and text.paragraph_of[previous.mark] == text.paragraph_of[quotation.mark]
        if not same_paragraph:
            open_claim = None
        content = _without_comma(text, quotation.inside)
        cue = _cue_after(text, quotation, cues) or _cue_before(text, quotation, cues)
        if cue and open_claim and open_claim.cue == cue.words:
            open_claim.contents.append(content)
        elif cue:
            used.add(cue.words[0])
            open_claim = _attribution(cue, [content], "direct", 0.95)
            found.append(open_claim)
        elif open_claim and previous and _goes_on(text, previous, quotation):
            open_claim.contents.append(content)
        elif text.words[quotation.mark - 1 : quotation.mark] != [","] and content[1] - content[0] >= FEWEST_WORDS:
            ended = text.words[content[1] - 1] in g.STOPS
            if ended or not quotation.closed:
                open_claim = Attribution([content], "direct", 0.5)
                found.append(open_claim)
    return found


def _stands_alone(text: Text, quotation: Quotation) -> bool:
    """Whether a quotation is a sentence, or follows a comma or colon, so that it is not part of a clause."""
    i = quotation.mark
    if i == 0 or text.paragraph_of[i - 1] != text.paragraph_of[i] or text.quoted(i - 1):
        return True
    return (
        text.words[i - 1] in g.STOPS
        or text.words[i - 1] in (",", ":")
        or text.sentence_of[i - 1] != text.sentence_of[i]
    )


def _goes_on(text: Text, previous: Quotation, quotation: Quotation) -> bool:
    """Whether only the sentence that attributes the previous quotation stands between the two."""
    between = range(previous.end, quotation.mark)
    stops = sum(text.words[i] in g.STOPS for i in between)
    return stops <= 1 and len(between) <= 60


def _cue_after(text: Text, quotation: Quotation, cues: dict[int, list[Cue]]) -> Cue | None:
    end = quotation.end
    if end >= len(text.words) or text.paragraph_of[end] != text.paragraph_of[quotation.mark] or text.quoted(end):
        return None
    if text.words[quotation.inside[1] - 1] == "." or text.sentence_of[end] != text.sentence_of[end - 1]:
        return None
    begin = end + 1 if text.words[end] in (",", "-", "—", "–", "--") else end
    for cue in cues[text.sentence_of[end]]:
        if cue.words[0] < end:
            continue
        if cue.inverted and cue.words[0] == begin:
            return cue
        if not cue.inverted and not cue.elided and cue.source[0] == without_lead(text, begin, cue.words[0]):
            return cue
        return None
    return None


def _cue_before(text: Text, quotation: Quotation, cues: dict[int, list[Cue]]) -> Cue | None:
    i = quotation.mark - 1
    if i < 0 or text.paragraph_of[i] != text.paragraph_of[quotation.mark] or text.words[i] not in (",", ":"):
        return None
    farthest = 14 if text.words[i] == ":" else 8
    for cue in reversed(cues[text.sentence_of[i]]):
        after = max(cue.words[1], cue.source[1] if cue.inverted else 0)
        if after > i:
            continue
        between = text.words[after:i]
        if (
            len(between) <= farthest
            and not {",", ".", ":", ";"} & set(between)
            and not any(text.quoted(k) for k in range(after, i))
        ):
            return cue
        return None
    return None


def _without_comma(text: Text, stretch: Stretch) -> Stretch:
    begin, end = stretch
    while end - begin > 1 and text.words[end - 1] in (",", "—", "–", "-", "--"):
        end -= 1
    return begin, end


# ── Reporting verbs ──────────────────────────────────────────────────────────────────────────────


def _from_cues(text: Text, sentence: Stretch, cues: list[Cue], used: set[int]) -> list[Attribution]:
    found: list[Attribution] = []
    claimed = sentence[0]
    for n, cue in enumerate(cues):
        if cue.words[0] in used:
            claimed = max(claimed, cue.words[1])
            continue
        if cue.words[0] < claimed:
            continue
        if cue.content is None:
            contents = _around(text, sentence, cue, claimed)
            if contents:
                found.append(_attribution(cue, contents, _quote_type(text, contents), 0.85))
                claimed = max(contents[-1][1], cue.words[1], cue.source[1])
            continue
        later = [c.cut for c in cues[n + 1 :] if c.cut is not None and c.cut > cue.content]
        content = _content(text, sentence, cue, later)
        if content is None:
            continue
        contents = [_unquoted(text, content)]
        found.append(_attribution(cue, contents, _quote_type(text, contents), _confidence(text, cue)))
        claimed = content[1]
    return found


def _content(text: Text, sentence: Stretch, cue: Cue, cuts: list[int]) -> Stretch | None:
    """What is said, from where it begins to where something else does."""
    assert cue.content is not None
    begin = cue.content
    if "quote" in cue.form.verb.complements:
        return begin, text.quotations[text.quotation_of[begin]].end
    end = min([sentence[1], *cuts, *([cue.until] if cue.until else [])])
    end = min(end, _break(text, begin, end, _concessive(text, sentence[0], cue)))
    last = text.quotation_of[end - 1]
    if last >= 0 and text.quotations[last].end > end:
        end = text.quotations[last].end
    while end > begin and (text.words[end - 1] in g.STOPS or text.words[end - 1] in (",", ";", ":")):
        end -= 1
    return (begin, end) if end > begin else None


def _break(text: Text, begin: int, end: int, concessive: bool) -> int:
    for i in range(begin + 1, end - 1):
        if text.quoted(i):
            continue
        following = text.lower[i + 1]
        if text.words[i] == ";":
            return i
        if text.is_dash(i) and following in ("a", "an"):
            return i
        if text.words[i] == ",":
            after = text.lower[i + 2] if i + 2 < end else ""
            if following == "according" and after == "to":
                return i
            if following == "but" and after in ("others", "some", "many", "critics", "the"):
                return i
            if concessive and (
                text.words[i + 1][0].isupper() or following in g.ARTICLES or following in g.SUBJECT_PRONOUNS
            ):
                return i
    return end


def _concessive(text: Text, begin: int, cue: Cue) -> bool:
    """Whether the cue's clause opens the sentence with "while" or the like, so that the main one is still to come."""
    lead = without_lead(text, begin, cue.words[0])
    return text.lower[lead] in g.CONCESSIVES and cue.source[0] == lead + 1


def _around(text: Text, sentence: Stretch, cue: Cue, claimed: int) -> list[Stretch]:
    """What is said before a cue that nothing follows, and on both sides of one between commas."""
    first = min(cue.words[0], cue.source[0])
    after = max(cue.words[1], cue.source[1])
    if first <= sentence[0] or text.words[first - 1] != "," or first - 1 <= claimed:
        return []
    following = after_adjuncts(text, _after_hearer(text, after, sentence[1], cue), sentence[1])
    before = (claimed, first - 1)
    if text.quoted(before[0]) and text.quotations[text.quotation_of[before[0]]].end >= before[1]:
        return []
    if following >= sentence[1] or text.words[following] in g.STOPS:
        return [before]
    if text.words[following] != ",":
        return []
    end = sentence[1]
    while end > following and text.words[end - 1] in g.STOPS:
        end -= 1
    rest = text.lower[following + 1 : following + 2]
    if not rest or rest[0].endswith("ing") or rest[0] in ("according", "but", "while", "a", "an", "who"):
        return [before]
    return [before, (following + 1, end)] if end > following + 1 else [before]


def _after_hearer(text: Text, i: int, end: int, cue: Cue) -> int:
    """Past those who were told: "…, he told reporters"."""
    if "addressee" in cue.form.verb.complements:
        hearers = phrase_after(text, i, end)
        return hearers[1] if hearers else i
    return i


def _unquoted(text: Text, stretch: Stretch) -> Stretch:
    """The words inside the marks, where a stretch is one quotation."""
    begin, end = stretch
    number = text.quotation_of[begin]
    if number >= 0 and text.quotations[number].mark == begin and text.quotations[number].end <= end + 1:
        quotation = text.quotations[number]
        if all(text.quotation_of[i] == number for i in range(begin, end)):
            return _without_comma(text, quotation.inside)
    return stretch


def _quote_type(text: Text, contents: list[Stretch]) -> Literal["direct", "indirect", "mixed"]:
    quoted = [text.quoted(i) for begin, end in contents for i in range(begin, end)]
    return "direct" if all(quoted) else "mixed" if any(quoted) else "indirect"


def _confidence(text: Text, cue: Cue) -> float:
    assert cue.content is not None
    confidence = 0.9 if text.lower[cue.content] in g.COMPLEMENTIZERS or cue.form.verb.cue_class == "say" else 0.75
    if cue.elided:
        confidence -= 0.15
    if cue.form.verb.lemma in STATE_VERBS:
        confidence -= 0.15
    return round(confidence, 2)


def _attribution(
    cue: Cue, contents: list[Stretch], quote_type: Literal["direct", "indirect", "mixed"], confidence: float
) -> Attribution:
    verb = cue.form.verb
    return Attribution(contents, quote_type, confidence, cue.words, verb.lemma, verb.cue_class, cue.source, cue.negated)


# ── According to ─────────────────────────────────────────────────────────────────────────────────


def _according_to(text: Text, sentence: Stretch) -> list[Attribution]:
    begin, end = sentence
    for i in range(begin, end - 2):
        if text.lower[i] != "according" or text.lower[i + 1] != "to" or text.quoted(i):
            continue
        source = phrase_after(text, i + 2, end)
        if source is None:
            continue
        if i == begin:
            content = (source[1] + 1, end) if source[1] < end and text.words[source[1]] == "," else None
        else:
            content = (begin, i - 1 if text.words[i - 1] == "," else i)
        if content is None or content[0] >= content[1]:
            continue
        last = content[1]
        while last > content[0] and text.words[last - 1] in g.STOPS:
            last -= 1
        if last > content[0]:
            contents = [_unquoted(text, (content[0], last))]
            return [
                Attribution(
                    contents, _quote_type(text, contents), 0.85, (i, i + 2), "according to", "according", source
                )
            ]
    return []
