"""Assembly of attributions from marked sources, cues and contents.

A cue takes the contents and the source that belong to it (see `pairing`). Quotation marks add to this: stretches of one
quotation belong together. So do the parts of a quotation that its attribution interrupts, and the paragraphs of one
that is opened again in each and closed in the last. A cue inside a quotation makes no attribution of its own. A
quotation that is a whole sentence without a cue becomes an attribution of low confidence.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from .confidence import FLOATING, GOES_ON, RESUMED, SIGNED, SPEECH, TRAILING, confidence
from .contents import QuoteType, complete_quotations, extract_content, is_title, quote_type
from .cues import Cue, is_nobody, read_cue
from .pairing import Pairing
from .quotations import Quotation
from .roles import Roles
from .secondhand import unwrap_reports
from .silence import is_silence
from .text import STOPS, Stretch, Text

FEWEST_WORDS = 3
"""In words. Shorter quotations without a cue are no attributions."""
LONGEST_SIGNATURE = 5
"""In words, for a name below a quotation."""
NAMING = frozenset({"call", "say", "tell", "reply", "add", "ask"})
"""Cue classes whose content may be only capitalized words: they call it “the Old Dam”."""
AUTHORING = frozenset({"discuss", "publish", "read", "recite", "sing", "write"})
"""Verbs of these classes whose objects are works: she wrote “The Old Dam”."""


@dataclass(slots=True)
class Attribution:
    """An attributed statement, as stretches of words."""

    contents: list[Stretch]
    """In text order, as the claim will have them."""
    quote_type: QuoteType
    confidence: float
    cue: Stretch | None = None
    said: Cue | None = None
    """The reading of the cue."""
    negated: bool = False
    """Whether the cue or the source denies the statement."""
    source: Stretch | None = None
    """As the pipeline marks it, including what follows the noun phrase."""

    @property
    def begin(self) -> int:
        """The first word of any stretch."""
        return min(stretch[0] for stretch in (*self.contents, self.cue, self.source) if stretch)


@dataclass(slots=True)
class _Draft:
    """An unfinished attribution, with stretches as the pipeline marks them."""

    contents: list[Stretch]
    cue: int | None = None
    source: int | None = None
    signature: Stretch | None = None
    """The name below a quotation without a cue."""
    certainties: list[float] = field(default_factory=list)


def assemble(text: Text, roles: Roles) -> list[Attribution]:
    """Return all attributions of an article in text order."""
    roles = unwrap_reports(text, roles)
    nesting = _find_nesting(text, roles)
    roles = roles.without(
        cues={number for number, cue in enumerate(roles.cues) if text.quotation_of[cue[0]] in nesting},
        sources={number for number, source in enumerate(roles.sources) if text.quotation_of[source[0]] in nesting},
    )
    cues = [read_cue(text, words) for words in roles.cues]
    drafts = _pair_cues(text, roles, cues)
    for draft in drafts:
        draft.contents = _merge_contents(text, draft.contents, nesting)
    drafts += _add_quotations(text, roles, drafts)
    found = (_build_attribution(text, roles, cues, draft) for draft in drafts)
    return sorted((each for each in found if each), key=lambda each: (each.begin, each.contents))


# ── Pair what the pipeline marks ──────────────────────────────────────────────────────────────────


def _find_nesting(text: Text, roles: Roles) -> set[int]:
    """Return the quotations that contain cues, which are part of the quotation."""
    found = set()
    for begin, end in roles.cues:
        number = text.quotation_of[begin]
        if number >= 0 and number == text.quotation_of[end - 1] and _has_end(text, number):
            found.add(number)
    return found


def _has_end(text: Text, number: int) -> bool:
    """Whether the end of a quotation is known.

    It ends at its closing mark, or where the next paragraph resumes it.
    """
    following = text.quotations[number + 1 : number + 2]
    return text.quotations[number].closed or any(quotation.resumes for quotation in following)


def _pair_cues(text: Text, roles: Roles, cues: Sequence[Cue]) -> list[_Draft]:
    """Make a draft for each cue with contents; contents without a cue are left out."""
    pairing = Pairing(text, roles, cues)
    drafts: dict[int, _Draft] = {}
    units = _group_contents(text, roles)
    for unit, choice in zip(units, pairing.choose_cues(units), strict=True):
        if choice.number is not None:
            draft = drafts.setdefault(choice.number, _Draft([], choice.number))
            draft.contents += [roles.contents[number] for number in unit]
            draft.certainties.append(choice.certainty)
    for number, cue in enumerate(cues):
        source = pairing.choose_source(number)
        if number not in drafts and source.number is not None and cue.cue_class in SPEECH:
            before = _sentence_before(text, roles.cues[number], roles.sources[source.number])
            if before:
                drafts[number] = _Draft([before], number, certainties=[TRAILING])
        if number in drafts:
            drafts[number].source = source.number
            drafts[number].certainties.append(source.certainty)
    return list(drafts.values())


def _sentence_before(text: Text, cue: Stretch, source: Stretch) -> Stretch | None:
    """Return the rest of a sentence that ends with a cue and source.

    "The dam is old, Reed said."

    It replaces any attribution that the pipeline has found inside that sentence.
    """
    begin, end = min(cue[0], source[0]), max(cue[1], source[1])
    first, last = text.sentences[text.sentence_of[begin]]
    alone = end - begin == cue[1] - cue[0] + source[1] - source[0]
    ends = end == last or (end == last - 1 and text.words[end] in STOPS)
    if alone and ends and begin - 1 - first >= FEWEST_WORDS and text.words[begin - 1] == ",":
        return first, begin - 1
    return None


def _group_contents(text: Text, roles: Roles) -> list[list[int]]:
    """Group the contents that belong together by their quotation marks.

    Ignores which cues they have.
    """
    units: list[list[int]] = []
    last_in: dict[int, list[int]] = {}
    for number, (begin, end) in enumerate(roles.contents):
        quotation = text.quotation_of[begin]
        unit = last_in.get(quotation) or last_in.get(quotation - 1) if quotation >= 0 else None
        if unit is None or not _belong_together(text, roles, unit[-1], number):
            unit = []
            units.append(unit)
        unit.append(number)
        if text.quotation_of[end - 1] >= 0:
            last_in[text.quotation_of[end - 1]] = unit
    return units


def _belong_together(text: Text, roles: Roles, earlier: int, later: int) -> bool:
    before, after = roles.contents[earlier], roles.contents[later]
    first, second = text.quotation_of[before[1] - 1], text.quotation_of[after[0]]
    interrupted = bisect_left(roles.cues, before) < bisect_left(roles.cues, after)
    if first == second or text.quotations[second].resumes:
        return not interrupted
    whole = text.quotation_of[before[0]] == first
    return interrupted and whole and _is_continued(text, text.quotations[first], text.quotations[second])


def _merge_contents(text: Text, contents: Iterable[Stretch], nesting: set[int]) -> list[Stretch]:
    """Merge contents of one quotation; extend them to quotations that contain cues."""
    found: list[Stretch] = []
    for stretch in sorted(contents):
        begin, end = complete_quotations(text, stretch)
        number = text.quotation_of[begin]
        if number in nesting:
            quotation = text.quotations[number]
            begin, end = quotation.mark, max(end, quotation.end)
        if found and (begin < found[-1][1] or (number >= 0 and text.quotation_of[found[-1][1] - 1] == number)):
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


# ── Use the quotation marks ───────────────────────────────────────────────────────────────────────


def _add_quotations(text: Text, roles: Roles, drafts: Sequence[_Draft]) -> list[_Draft]:
    """Add continued quotations to their drafts; returns new drafts for separate ones."""
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
            owners[number] = _extend(owner, quotation, RESUMED)
        elif not _is_sentence(text, quotation):
            continue
        elif owner and owner.cue is not None and _is_direct(owner, before) and _is_continued(text, before, quotation):
            owners[number] = _extend(owner, quotation, GOES_ON)
        elif quotation.inside[1] - quotation.inside[0] > FEWEST_WORDS:
            owners[number] = _start_draft(text, quotation)
            floating.append(owners[number])
    return floating


def _start_draft(text: Text, quotation: Quotation) -> _Draft:
    signature = _find_signature(text, quotation.end)
    certainty = SIGNED if signature else FLOATING
    return _Draft([(quotation.mark, quotation.end)], signature=signature, certainties=[certainty])


def _find_signature(text: Text, end: int) -> Stretch | None:
    """Return the capitalized words after a dash below a quotation: “…” — Ann Reed."""
    if end + 1 >= len(text.words) or not text.is_dash(end):
        return None
    after = end + 1
    while after < min(end + 1 + LONGEST_SIGNATURE, len(text.words)) and text.words[after][0].isupper():
        after += 1
    return (end + 1, after) if after > end + 1 and text.paragraph_of[end] == text.paragraph_of[after - 1] else None


def _extend(draft: _Draft, quotation: Quotation, certainty: float) -> _Draft:
    draft.contents.append((quotation.mark, quotation.end))
    draft.certainties.append(certainty)
    return draft


def _is_direct(draft: _Draft, quotation: Quotation) -> bool:
    """Whether a quotation is a content of its own and not part of a clause."""
    return any(quotation.mark <= begin < quotation.end for begin, _ in draft.contents)


def _is_sentence(text: Text, quotation: Quotation) -> bool:
    """Whether a quotation consists of whole sentences."""
    begin, end = quotation.mark, quotation.end
    opens = text.is_sentence_start(begin) or text.words[begin - 1] in STOPS or text.words[begin - 1] == ":"
    ends = end == len(text.words) or text.is_sentence_start(end) or text.is_quoted(end)
    ends = ends or _find_signature(text, end) is not None
    return opens and ends and (not quotation.closed or text.words[quotation.inside[1] - 1] in STOPS)


def _is_continued(text: Text, first: Quotation, second: Quotation) -> bool:
    """Whether only an attribution separates two quotations: “…,” he said. “…”"""
    if text.paragraph_of[first.mark] != text.paragraph_of[second.mark] or not first.closed:
        return False
    if not _is_sentence(text, second):
        return False
    stops = sum(text.words[i] in STOPS for i in range(first.end, second.mark))
    return stops <= 1 and text.sentence_of[second.mark] - text.sentence_of[first.end - 1] <= 1 + stops


def _is_occupied(roles: Roles, quotation: Quotation) -> bool:
    """Whether a cue or source is inside a quotation."""
    for stretches in (roles.cues, roles.sources):
        at = bisect_left(stretches, (quotation.mark, 0))
        if at < len(stretches) and stretches[at][0] < quotation.end:
            return True
    return False


# ── Build the results ─────────────────────────────────────────────────────────────────────────────


def _build_attribution(text: Text, roles: Roles, cues: Sequence[Cue], draft: _Draft) -> Attribution | None:
    said = None if draft.cue is None else cues[draft.cue]
    contents = [
        content
        for stretch in sorted(draft.contents)
        if not _is_work(text, said, stretch) and (content := extract_content(text, stretch))
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
    """Whether a stretch is a title or nickname that the cue names but does not quote."""
    if not is_title(text, stretch) or (stretch[0] > 0 and text.words[stretch[0] - 1] in (",", ":")):
        return False
    return said is None or said.cue_class not in NAMING or said.lemma in AUTHORING
