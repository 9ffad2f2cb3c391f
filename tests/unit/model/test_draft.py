"""A draft is a document's text in stretches; verdicts on them make the body, and nothing disappears unseen."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord import Document, Draft, Segment, Stretch, decode

ONE = UUID(int=1)


def draft_of(text: str) -> Draft:
    document = Document(
        document_id=ONE, article_id=ONE, uri="memory:a", ingestor="documents", fetched_at=datetime.now(UTC),
        media_type="text/plain", content_hash="", content=b"", metadata={"outlet": "The Daily"},
    )  # fmt: skip
    made = Draft(document, cleaner="tester")
    made.read(text)
    return made


def lines(draft: Draft) -> list[str]:
    return [draft.words(stretch) for stretch in draft.stretches]


def body(draft: Draft) -> str:
    return draft.assemble()[0]


# ── read ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_line_with_words_is_a_stretch_without_the_white_space_around_it() -> None:
    draft = draft_of("Headline\n\n  A line.\t\n \t \nAnother  one. \n")
    assert lines(draft) == ["Headline", "A line.", "Another  one."]
    assert [(s.start, s.end) for s in draft.stretches] == [(0, 8), (12, 19), (25, 38)]
    assert all(s.kind == "body" and s.in_body and s.reason is None and s.cleaner is None for s in draft.stretches)


def test_a_line_of_one_letter_is_a_stretch() -> None:
    assert lines(draft_of("a\n b \nc")) == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u00a0\u3000"])
def test_a_text_without_words_has_no_stretches(text: str) -> None:
    draft = draft_of(text)
    assert draft.stretches == []
    assert draft.assemble() == ("", [])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_every_kind_of_line_end_becomes_a_newline(end: str) -> None:
    draft = draft_of(f"one{end}two")
    assert draft.text == "one\ntwo"
    assert lines(draft) == ["one", "two"]


def test_text_is_composed_and_offsets_are_into_the_result() -> None:
    decomposed = unicodedata.normalize("NFD", "Ñandú é\nfin")
    draft = draft_of(decomposed)
    assert len(decomposed) == 14
    assert draft.text == "Ñandú é\nfin"
    assert [(s.start, s.end) for s in draft.stretches] == [(0, 7), (8, 11)]


def test_text_is_composed_and_not_simplified() -> None:
    assert draft_of("½ ﬁn ① …").text == "½ ﬁn ① …"


def test_reading_again_starts_afresh() -> None:
    draft = draft_of("one\ntwo")
    draft.mark(draft.stretches[0], "boilerplate", "because")
    draft.read("three")
    assert lines(draft) == ["three"]
    assert body(draft) == "three"


def test_the_metadata_is_the_documents() -> None:
    assert draft_of("").metadata == {"outlet": "The Daily"}


@given(text=st.text())
def test_stretches_cover_all_words_in_order_and_nothing_else(text: str) -> None:
    draft = draft_of(text)
    assert unicodedata.is_normalized("NFC", draft.text)
    end = 0
    for stretch in draft.stretches:
        words = draft.words(stretch)
        assert words == words.strip() != ""
        assert "\n" not in words
        assert draft.text[end : stretch.start].strip() == ""
        end = stretch.end
    assert draft.text[end:].strip() == ""


@given(text=st.text())
def test_reading_a_text_that_was_read_changes_nothing(text: str) -> None:
    first = draft_of(text)
    assert draft_of(first.text).stretches == first.stretches


# ── mark ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_verdict_says_what_why_and_who() -> None:
    draft = draft_of("Share this\nText.")
    first, second = draft.stretches
    draft.mark(first, "boilerplate", "asks to share")
    assert (first.kind, first.reason, first.cleaner) == ("boilerplate", "asks to share", "tester")
    assert (second.kind, second.reason, second.cleaner) == ("body", None, None)
    assert list(draft.body()) == [second]
    assert body(draft) == "Text."


def test_what_was_cut_can_be_put_back() -> None:
    draft = draft_of("Share this\nText.")
    draft.mark(draft.stretches[0], "boilerplate", "asks to share")
    draft.mark(draft.stretches[0], "body", "is about sharing")
    assert body(draft) == "Share this\n\nText."


@pytest.mark.parametrize(
    ("kind", "in_body", "kept"),
    [
        ("body", True, True), ("sidebar", True, True), ("subheading", True, True),
        ("headline", False, True), ("byline", False, True), ("dateline", False, True), ("credit", False, True),
        ("caption", False, False), ("boilerplate", False, False), ("duplicate", False, False),
        ("fragment", False, False), ("comment", False, False), ("teaser", False, False), ("metadata", False, False),
    ],
)  # fmt: skip
def test_each_kind_is_in_the_body_or_kept_beside_it_or_cut(kind: str, in_body: bool, kept: bool) -> None:
    draft = draft_of("Some words")
    draft.mark(draft.stretches[0], kind, "so it is")  # type: ignore[arg-type]
    text, (segment,) = draft.assemble()
    assert text == ("Some words" if in_body else "")
    assert (segment.kind, segment.kept, segment.reason) == (kind, kept, "so it is")
    # A stretch's words stand in exactly one place.
    assert segment.text == (None if in_body else "Some words")
    assert (segment.body_start, segment.body_end) == ((0, 10) if in_body else (None, None))


# ── split ────────────────────────────────────────────────────────────────────────────────────────


def test_split_cuts_a_stretch_in_two_without_the_white_space_at_the_cut() -> None:
    draft = draft_of("first\nMOSCOW —  The minister\nlast")
    left, right = draft.split(draft.stretches[1], draft.text.index("—") + 1)
    assert (draft.words(left), draft.words(right)) == ("MOSCOW —", "The minister")
    assert lines(draft) == ["first", "MOSCOW —", "The minister", "last"]
    draft.mark(left, "dateline", "begins with a place")
    assert body(draft) == "first\n\nThe minister\n\nlast"


def test_both_halves_keep_the_verdict() -> None:
    draft = draft_of("one two")
    draft.mark(draft.stretches[0], "caption", "under a picture")
    left, right = draft.split(draft.stretches[0], 3)
    assert [(s.kind, s.reason, s.cleaner) for s in (left, right)] == [("caption", "under a picture", "tester")] * 2


def test_the_first_half_goes_on_with_its_paragraph_and_the_second_begins_one() -> None:
    draft = draft_of("one\ntwo three")
    draft.stretches[1].continues = True
    draft.split(draft.stretches[1], 7)
    assert body(draft) == "one two\n\nthree"


@pytest.mark.parametrize("at", [-1, 0, 4, 5, 9, 10, 12, 99])
def test_a_cut_with_nothing_on_one_side_is_refused_and_changes_nothing(at: int) -> None:
    draft = draft_of("abcd efgh ijkl")
    draft.stretches = [Stretch(0, 4), Stretch(5, 9), Stretch(10, 14)]
    before = lines(draft)
    with pytest.raises(ValueError, match=f"nothing on one side of {at} in the stretch 5–9"):
        draft.split(draft.stretches[1], at)
    assert lines(draft) == before


def test_a_place_that_was_not_found_is_no_place_to_cut_the_last_stretch() -> None:
    draft = draft_of("one\ntwo")
    with pytest.raises(ValueError, match="nothing on one side of -1"):
        draft.split(draft.stretches[-1], draft.text.find("—"))
    assert lines(draft) == ["one", "two"]


# ── assemble ─────────────────────────────────────────────────────────────────────────────────────


def test_paragraphs_stand_apart_and_what_continues_one_follows_after_a_space() -> None:
    draft = draft_of("One paragraph\nthat is wrapped.\nAnother.")
    draft.stretches[1].continues = True
    text, segments = draft.assemble()
    assert text == "One paragraph that is wrapped.\n\nAnother."
    assert [(s.body_start, s.body_end) for s in segments] == [(0, 13), (14, 30), (32, 40)]


def test_a_paragraph_goes_on_after_what_was_cut_out_of_it() -> None:
    draft = draft_of("He said\nADVERTISEMENT\nthat it rained.")
    draft.stretches[1].continues = draft.stretches[2].continues = True
    draft.mark(draft.stretches[1], "boilerplate", "an advertisement")
    assert body(draft) == "He said that it rained."


def test_what_continues_a_paragraph_whose_beginning_was_cut_is_not_joined_to_the_one_before() -> None:
    draft = draft_of("It rained.\nADVERTISEMENT\nand more.")
    draft.stretches[2].continues = True
    draft.mark(draft.stretches[1], "boilerplate", "an advertisement")
    assert body(draft) == "It rained.\n\nand more."


def test_what_continues_a_paragraph_that_was_cut_begins_the_body() -> None:
    draft = draft_of("ADVERTISEMENT\nIt rained.")
    draft.stretches[1].continues = True
    draft.mark(draft.stretches[0], "boilerplate", "an advertisement")
    assert body(draft) == "It rained."


def test_side_boxes_follow_the_running_text_and_segments_stay_in_the_documents_order() -> None:
    draft = draft_of("It rained.\nRain in numbers\nForty days.\nIt stopped.")
    _, heading, box, _ = draft.stretches
    draft.mark(heading, "subheading", "a heading in a side box")
    heading.boxed = True
    draft.mark(box, "sidebar", "in a side box")
    text, segments = draft.assemble()
    assert text == "It rained.\n\nIt stopped.\n\nRain in numbers\n\nForty days."
    assert [(s.body_start, s.body_end) for s in segments] == [(0, 10), (25, 40), (42, 53), (12, 23)]
    assert [s.start_char for s in segments] == [0, 11, 27, 39]


def test_a_side_box_is_joined_to_no_running_text() -> None:
    draft = draft_of("It rained\nForty\ndays.\nand stopped.")
    _, box, goes_on, after = draft.stretches
    for stretch in (box, goes_on):
        draft.mark(stretch, "sidebar", "in a side box")
    box.continues = goes_on.continues = after.continues = True
    assert body(draft) == "It rained\n\nand stopped.\n\nForty days."


KINDS = ("body", "sidebar", "subheading", "headline", "boilerplate", "duplicate", "comment")


@given(text=st.text(st.characters(codec="utf-8") | st.sampled_from(" \n\ré👩‍🚀"), max_size=60), data=st.data())
def test_whatever_cleaners_do_every_word_is_accounted_for(text: str, data: st.DataObject) -> None:
    draft = draft_of(text)
    words_before = "".join(draft.text.split())
    for _ in range(data.draw(st.integers(0, 6))):
        if not draft.stretches:
            break
        stretch = data.draw(st.sampled_from(draft.stretches))
        if data.draw(st.booleans()):
            draft.mark(stretch, data.draw(st.sampled_from(KINDS)), "so it is")  # type: ignore[arg-type]
            stretch.boxed = data.draw(st.booleans())
        elif data.draw(st.booleans()):
            stretch.continues = True
        else:
            at = data.draw(st.integers(stretch.start - 1, stretch.end + 1))
            # A cut with nothing on one side is refused; that has a test of its own.
            if stretch.start < at < stretch.end:
                draft.split(stretch, at)

    text, segments = draft.assemble()

    assert [s.ordinal for s in segments] == list(range(len(segments)))
    assert "".join("".join(draft.text[s.start_char : s.end_char].split()) for s in segments) == words_before
    for segment in segments:
        if segment.body_start is None:
            words = draft.text[segment.start_char : segment.end_char]
            assert (segment.text, segment.body_end) == (words, None)
    end = 0
    in_the_body = [segment for segment in segments if segment.body_start is not None]
    for segment in sorted(in_the_body, key=lambda segment: segment.body_start):
        words = draft.text[segment.start_char : segment.end_char]
        assert segment.body_end is not None
        assert text[segment.body_start : segment.body_end] == words
        assert text[end : segment.body_start] in (("",) if end == 0 else (" ", "\n\n"))
        end = segment.body_end
    assert end == len(text)


def test_segments_are_rows_of_the_table_segment() -> None:
    _, (segment,) = draft_of("Text.").assemble()
    assert segment == Segment(ordinal=0, kind="body", kept=True, start_char=0, end_char=5, body_start=0, body_end=5)


# ── decoded ──────────────────────────────────────────────────────────────────────────────────────


@given(text=st.text())
def test_utf_8_is_read_as_it_is(text: str) -> None:
    # A byte order mark at the very beginning belongs to the encoding and not to the text.
    assert decode(text.encode()) == text.removeprefix("\ufeff")
    assert decode(b"\xef\xbb\xbf" + text.encode()) == text


PASSAGE = (
    "“We’ll pay £5 — not €6,” said Zoë at the café, the minister’s aide. "
    "The prime minister’s office declined to comment on Tuesday."
)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_other_encodings_are_recognised(encoding: str) -> None:
    assert decode(PASSAGE.encode(encoding)) == PASSAGE


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="the content is not text in any encoding that could be recognised"):
        decode(bytes(range(256)) * 8)
