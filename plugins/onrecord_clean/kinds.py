"""Documents that are not articles: login pages, errors, lists, paywalled stubs."""

from __future__ import annotations

import re

from onrecord import Cleaner, Draft

from .paragraphs import ends_sentence, is_title_like, paragraphs

_ERROR = re.compile(
    r"(?:error )?40[0134]\b.*|50[0-4]\b.*(?:error|unavailable|gateway).*|.*\b(?:page|article|story) not found\b.*"
    r"|page (?:does not|doesn['’]t) exist.*|(?:this |the )?page (?:you (?:requested|are looking for)|cannot be found).*"
    r"|access (?:is )?denied.*|forbidden|just a moment\W*|attention required\W.*|are you (?:a robot|human)\W*"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human.*|(?:please )?enable (?:javascript|cookies).*"
    r"|service unavailable|bad gateway|too many requests|internal server error|something went wrong\W*",
    re.IGNORECASE,
)
_SIGN_IN = re.compile(
    r"(?:log|sign) ?in(?: (?:to|with) .{1,60})?|forgot(?:ten)? (?:your )?(?:password|username)\W*|(?:your )?password:?"
    r"|(?:user ?name|e-?mail(?: address)?)(?: or (?:user ?name|e-?mail(?: address)?))?:?"
    r"|remember me|keep me (?:signed|logged) in"
    r"|create (?:an |your |a free )?account|(?:don['’]t|do not) have an account\W.*|already (?:a member|registered)\W.*"
    r"|register(?: now)?|sign up|reset (?:your )?password",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"(?!.*\bad ?-?block).*\b(?:to (?:continue|keep|finish) reading"
    r"|to (?:read|view|access|unlock) (?:this|the|our|more|all)\b.{0,40}"
    r"|(?:for|to|available to|exclusive to|reserved for) (?:our )?(?:paid |premium |digital )*"
    r"(?:subscribers|members)(?: only)?"
    r"|(?:subscribers|members)[- ]only|only (?:available )?(?:for|to) (?:subscribers|members)"
    r"|(?:you['’]ve|you have) (?:reached|read|used|run out of)\b.{0,40}\b(?:free|complimentary|limit)\b.{0,40}"
    r"|already a (?:subscriber|member)|unlock (?:this|the) (?:article|story)|become a (?:subscriber|member) to\b.*"
    r"|subscribe (?:now )?(?:to|for) (?:full|unlimited|complete|digital) .{0,20}access)\b.*",
    re.IGNORECASE,
)
_LONGEST_NOTE = 250
_STUB_AT_MOST = 250
"""In words. A longer text with an invitation to subscribe is an article all the same."""
_SHORT = 60
"""In words. A longer text is neither an error nor a login page."""
_FEWEST_LINES = 8
_FEW_SENTENCES = 0.25
LITTLE_PROSE = 100
"""In words of sentences. Below this, many titles make a page a list; above it, they are a list inside an article."""
_NEAR_EMPTY = 12


class Kinds(Cleaner):
    """Find out whether a document is an article, part of one, or something else."""

    name, version, order = "kinds", "3", 800

    def clean(self, draft: Draft) -> None:
        lines = [draft.words(stretch) for stretch in draft.stretches]
        parts = [part.text for part in paragraphs(draft)]
        # Words are separated by single spaces; counting these is much faster than splitting.
        lengths = [part.count(" ") + 1 for part in parts]
        words = sum(lengths)
        sentences = [part for part, length in zip(parts, lengths, strict=True) if length > 3 and ends_sentence(part)]
        if words <= _SHORT and (error := _find_error(draft, lines)):
            draft.kind, draft.kind_reason = "error", f"“{error}” is an error message"
        elif words <= _SHORT and len(asks := _find_sign_in_lines(lines)) >= 3:
            draft.kind, draft.kind_reason = "login", f"asks to sign in: “{asks[0]}”, “{asks[1]}”"
        elif words <= _STUB_AT_MOST and (wall := _find_paywall(lines)):
            draft.kind, draft.kind_reason = "stub", f"{words} words, and “{wall[:120]}”"
        elif len(parts) >= _FEWEST_LINES and _has_little_prose(sentences, parts) and _has_mostly_titles(parts):
            draft.kind = "index"
            draft.kind_reason = f"{len(parts)} lines, of which {len(sentences)} are sentences: a list of other pages"
        elif draft.kind == "article" and len(lines) > 1 and _is_remainder(parts, words):
            # One short line may be a whole text; on a page of many lines it is a remainder.
            draft.kind, draft.kind_reason = "empty", f"{words} words and no sentence"


def _find_error(draft: Draft, lines: list[str]) -> str | None:
    """Return a line that reports an error: the headline or one of the first lines."""
    return next((line for line in (draft.headline or "", *lines[:3]) if _ERROR.fullmatch(line.strip())), None)


def _find_sign_in_lines(lines: list[str]) -> list[str]:
    """Return the different lines that ask to sign in."""
    asks = (line for line in lines if len(line) <= _LONGEST_NOTE and _SIGN_IN.fullmatch(line.strip(" .:!*")))
    return list({line.casefold(): line for line in asks}.values())


def _find_paywall(lines: list[str]) -> str | None:
    """Return the first line that reserves the text for subscribers."""
    return next((line for line in lines if len(line) <= _LONGEST_NOTE and _PAYWALL.fullmatch(line)), None)


def _is_remainder(parts: list[str], words: int) -> bool:
    return 0 < words < _NEAR_EMPTY and not any(map(ends_sentence, parts))


def _has_little_prose(sentences: list[str], parts: list[str]) -> bool:
    """Whether there is too little running text for an article with a list in it."""
    return len(sentences) < _FEW_SENTENCES * len(parts) and sum(len(each.split()) for each in sentences) < LITTLE_PROSE


def _has_mostly_titles(parts: list[str]) -> bool:
    return sum(is_title_like(part, 30) for part in parts) > len(parts) / 2
