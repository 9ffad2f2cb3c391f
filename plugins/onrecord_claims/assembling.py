"""Attributions, put together from the sources, cues and contents that the pipeline has marked.

A cue takes the contents and the source that belong to it (see `pairing`). Quotation marks say more: stretches of one
quotation belong together, and so do a quotation that its attribution interrupts and one that runs over several
paragraphs, opened anew in each and closed in the last. What stands within a quotation is no attribution of its own.
A quotation that is a sentence by itself, without a cue, is taken for an attribution too, though not a certain one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from .confidence import FLOATING, GOES_ON, RESUMED, SIGNED, SPEECH, TRAILING, confidence
from .contents import QuoteType, content_of, is_title, quote_type, whole_quotations
from .cues import Cue, is_nobody, read_cue
from .pairing import Pairing
from .quotations import Quotation
from .roles import Roles
from .secondhand import unwrapped
from .silence import is_silence
from .text import STOPS, Stretch, Text

FEWEST_WORDS = 3
"""A quotation of fewer words, without a cue, is no attribution."""
LONGEST_SIGNATURE = 5
"""How many words a name under a quotation has at most."""
NAMING = frozenset({"call", "say", "tell", "reply", "add", "ask"})
"""Classes of cues that may have no more than capitalised words for their content: they call it “the Old Dam”."""
AUTHORING = frozenset({"discuss", "publish", "read", "recite", "sing", "write"})
"""Verbs among them that have works for their objects: she wrote “The Old Dam”."""


@dataclass(slots=True)
class Attribution:
    """Something said, as stretches of words."""

    contents: list[Stretch]
    """In the order of the text, each as a claim has it."""
    quote_type: QuoteType
    confidence: float
    cue: Stretch | None = None
    said: Cue | None = None
    """What the cue amounts to."""
    negated: bool = False
    """Whether the cue or the source says that it was not said."""
    source: Stretch | None = None
    """As the pipeline has marked it, with what follows the noun phrase."""

    @property
    def begin(self) -> int:
        """The first word of any of its stretches."""
        return min(stretch[0] for stretch in (*self.contents, self.cue, self.source) if stretch)


@dataclass(slots=True)
class _Draft:
    """An attribution in the making: stretches as they are marked."""

    contents: list[Stretch]
    cue: int | None = None
    source: int | None = None
    signature: Stretch | None = None
    """The name that stands under a quotation without a cue."""
    certainties: list[float] = field(default_factory=list)


def assemble(text: Text, roles: Roles) -> list[Attribution]:
    """All attributions of an article, in the order of the text."""
    roles = unwrapped(text, roles)
    swallowed = _swallowing(text, roles)
    roles = roles.without(
        cues={number for number, cue in enumerate(roles.cues) if text.quotation_of[cue[0]] in swallowed},
        sources={number for number, source in enumerate(roles.sources) if text.quotation_of[source[0]] in swallowed},
    )
    cues = [read_cue(text, words) for words in roles.cues]
    drafts = _paired(text, roles, cues)
    for draft in drafts:
        draft.contents = _merged(text, draft.contents, swallowed)
    drafts += _add_quotations(text, roles, drafts)
    found = (_attribution(text, roles, cues, draft) for draft in drafts)
    return sorted((each for each in found if each), key=lambda each: (each.begin, each.contents))


# ── What the pipeline has marked ─────────────────────────────────────────────────────────────────


def _swallowing(text: Text, roles: Roles) -> set[int]:
    """The quotations that have cues in them, which are part of what is quoted."""
    found = set()
    for begin, end in roles.cues:
        number = text.quotation_of[begin]
        if number >= 0 and number == text.quotation_of[end - 1] and _has_end(text, number):
            found.add(number)
    return found


def _has_end(text: Text, number: int) -> bool:
    """Whether it is known where a quotation ends: at its closing mark, or where the next paragraph resumes it."""
    following = text.quotations[number + 1 : number + 2]
    return text.quotations[number].closed or any(quotation.resumes for quotation in following)


def _paired(text: Text, roles: Roles, cues: Sequence[Cue]) -> list[_Draft]:
    """For each cue that has contents a draft. Contents without a cue are left out."""
    pairing = Pairing(text, roles, cues)
    drafts: dict[int, _Draft] = {}
    units = _units(text, roles)
    for unit, choice in zip(units, pairing.cues_of(units), strict=True):
        if choice.number is not None:
            draft = drafts.setdefault(choice.number, _Draft([], choice.number))
            draft.contents += [roles.contents[number] for number in unit]
            draft.certainties.append(choice.certainty)
    for number, cue in enumerate(cues):
        source = pairing.source_of(number)
        if number not in drafts and source.number is not None and cue.cue_class in SPEECH:
            before = _sentence_before(text, roles.cues[number], roles.sources[source.number])
            if before:
                drafts[number] = _Draft([before], number, certainties=[TRAILING])
        if number in drafts:
            drafts[number].source = source.number
            drafts[number].certainties.append(source.certainty)
    return list(drafts.values())


def _sentence_before(text: Text, cue: Stretch, source: Stretch) -> Stretch | None:
    """The sentence that a cue and its source end, and nothing else: "The dam is old, Reed said." It is what they said,
    whatever attribution of its own the pipeline has found in it instead.
    """
    begin, end = min(cue[0], source[0]), max(cue[1], source[1])
    first, last = text.sentences[text.sentence_of[begin]]
    alone = end - begin == cue[1] - cue[0] + source[1] - source[0]
    ends = end == last or (end == last - 1 and text.words[end] in STOPS)
    if alone and ends and begin - 1 - first >= FEWEST_WORDS and text.words[begin - 1] == ",":
        return first, begin - 1
    return None


def _units(text: Text, roles: Roles) -> list[list[int]]:
    """The contents that belong together by their quotation marks, whichever cue they have."""
    units: list[list[int]] = []
    last_in: dict[int, list[int]] = {}
    for number, (begin, end) in enumerate(roles.contents):
        quotation = text.quotation_of[begin]
        unit = last_in.get(quotation) or last_in.get(quotation - 1) if quotation >= 0 else None
        if unit is None or not _together(text, roles, unit[-1], number):
            unit = []
            units.append(unit)
        unit.append(number)
        if text.quotation_of[end - 1] >= 0:
            last_in[text.quotation_of[end - 1]] = unit
    return units


def _together(text: Text, roles: Roles, earlier: int, later: int) -> bool:
    before, after = roles.contents[earlier], roles.contents[later]
    first, second = text.quotation_of[before[1] - 1], text.quotation_of[after[0]]
    interrupted = bisect_left(roles.cues, before) < bisect_left(roles.cues, after)
    if first == second or text.quotations[second].resumes:
        return not interrupted
    whole = text.quotation_of[before[0]] == first
    return interrupted and whole and _goes_on(text, text.quotations[first], text.quotations[second])


def _merged(text: Text, contents: Iterable[Stretch], swallowed: set[int]) -> list[Stretch]:
    """Contents with what lies between them in one quotation, and with all of one that has a cue in it."""
    found: list[Stretch] = []
    for stretch in sorted(contents):
        begin, end = whole_quotations(text, stretch)
        number = text.quotation_of[begin]
        if number in swallowed:
            quotation = text.quotations[number]
            begin, end = quotation.mark, max(end, quotation.end)
        if found and (begin < found[-1][1] or (number >= 0 and text.quotation_of[found[-1][1] - 1] == number)):
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


# ── What quotation marks say ─────────────────────────────────────────────────────────────────────


def _add_quotations(text: Text, roles: Roles, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Add the quotations that go on a draft's to it, and make new drafts of those that stand alone."""
    owners: dict[int, _Draft] = {}
    for draft in drafts:
        for begin, end in draft.contents:
            owners.update(dict.fromkeys(text.quotation_of[begin:end], draft))
    owners.pop(-1, None)
    floating: list[_Draft] = []
    for number, quotation in enumerate(text.quotations):
        if number in owners or _is_occupied(roles, quotation):
            continue
        owner, before = owners.get(number - 1), text.quotations[number - 1]
        if owner and quotation.resumes:
            owners[number] = _extended(owner, quotation, RESUMED)
        elif not _is_sentence(text, quotation):
            continue
        elif owner and owner.cue is not None and _is_direct(owner, before) and _goes_on(text, before, quotation):
            owners[number] = _extended(owner, quotation, GOES_ON)
        elif quotation.inside[1] - quotation.inside[0] > FEWEST_WORDS:
            owners[number] = _floating(text, quotation)
            floating.append(owners[number])
    return floating


def _floating(text: Text, quotation: Quotation) -> _Draft:
    signature = _signature(text, quotation.end)
    certainty = SIGNED if signature else FLOATING
    return _Draft([(quotation.mark, quotation.end)], signature=signature, certainties=[certainty])


def _signature(text: Text, end: int) -> Stretch | None:
    """The capitalised words after a dash that follows a quotation: “…” — Ann Reed."""
    if end + 1 >= len(text.words) or not text.is_dash(end):
        return None
    after = end + 1
    while after < min(end + 1 + LONGEST_SIGNATURE, len(text.words)) and text.words[after][0].isupper():
        after += 1
    return (end + 1, after) if after > end + 1 and text.paragraph_of[end] == text.paragraph_of[after - 1] else None


def _extended(draft: _Draft, quotation: Quotation, certainty: float) -> _Draft:
    draft.contents.append((quotation.mark, quotation.end))
    draft.certainties.append(certainty)
    return draft


def _is_direct(draft: _Draft, quotation: Quotation) -> bool:
    """Whether a quotation is a content by itself, not part of a clause."""
    return any(quotation.mark <= begin < quotation.end for begin, _ in draft.contents)


def _is_sentence(text: Text, quotation: Quotation) -> bool:
    """Whether a quotation is one or more sentences by itself."""
    begin, end = quotation.mark, quotation.end
    opens = text.begins_sentence(begin) or text.words[begin - 1] in STOPS or text.words[begin - 1] == ":"
    ends = end == len(text.words) or text.begins_sentence(end) or text.quoted(end) or _signature(text, end) is not None
    return opens and ends and (not quotation.closed or text.words[quotation.inside[1] - 1] in STOPS)


def _goes_on(text: Text, first: Quotation, second: Quotation) -> bool:
    """Whether nothing but an attribution stands between two quotations of a paragraph: “…,” he said. “…”"""
    if text.paragraph_of[first.mark] != text.paragraph_of[second.mark] or not first.closed:
        return False
    if not _is_sentence(text, second):
        return False
    stops = sum(text.words[i] in STOPS for i in range(first.end, second.mark))
    return stops <= 1 and text.sentence_of[second.mark] - text.sentence_of[first.end - 1] <= 1 + stops


def _is_occupied(roles: Roles, quotation: Quotation) -> bool:
    """Whether a cue or source lies in a quotation."""
    for stretches in (roles.cues, roles.sources):
        at = bisect_left(stretches, (quotation.mark, 0))
        if at < len(stretches) and stretches[at][0] < quotation.end:
            return True
    return False


# ── The outcome ──────────────────────────────────────────────────────────────────────────────────


def _attribution(text: Text, roles: Roles, cues: Sequence[Cue], draft: _Draft) -> Attribution | None:
    said = None if draft.cue is None else cues[draft.cue]
    contents = [
        content
        for stretch in sorted(draft.contents)
        if not _is_work(text, said, stretch) and (content := content_of(text, stretch))
    ]
    stretches = [content.words for content in contents]
    cue = None if draft.cue is None else roles.cues[draft.cue]
    if not contents or (cue and said and is_silence(text, cue, said, stretches)):
        return None
    source = draft.signature if draft.source is None else roles.sources[draft.source]
    kind = quote_type(contents)
    if said is None:
        return Attribution(stretches, kind, round(prod(draft.certainties), 3), source=source)
    certain = confidence(draft.certainties, kind, said.cue_class, source is not None)
    negated = said.negated or (source is not None and is_nobody(text, source))
    return Attribution(stretches, kind, certain, cue, said, negated, source)


def _is_work(text: Text, said: Cue | None, stretch: Stretch) -> bool:
    """Whether a stretch is the title of a book or film, or a nickname, that a cue does not say but is about."""
    if not is_title(text, stretch) or (stretch[0] > 0 and text.words[stretch[0] - 1] in (",", ":")):
        return False
    return said is None or said.cue_class not in NAMING or said.lemma in AUTHORING
