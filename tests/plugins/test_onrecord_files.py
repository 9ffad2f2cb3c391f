"""The ingestor `files`: what it lists, what it reads, when it reads again."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onrecord import Fetched, Item, TooLargeError
from onrecord.model.identity import canonical_json, content_hash
from onrecord_files import Files, register_ingestors
from onrecord_files.ingestor import PackedError
from onrecord_files.metadata import MetadataError, merge_metadata


def ingestor(*paths: Path, **settings: Any) -> Files:
    files = Files()
    files.config = Files.Config(paths=list(paths), **settings)
    return files


def listed(*paths: Path, **settings: Any) -> list[str]:
    return [Path(item.uri).name for item in ingestor(*paths, **settings).discover()]


def write(path: Path, text: str = "Words.") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def fetched(path: Path) -> Fetched:
    return ingestor().fetch(Item(path.as_uri(), ""))


def state(path: Path) -> tuple[str, str]:
    """What makes a file stale: its token, and the hash of what is read of it."""
    (item,) = ingestor(path).discover()
    got = fetched(path)
    return item.token, content_hash(got.content, got.media_type, canonical_json(got.metadata))


def test_the_hook_registers_the_ingestor_files() -> None:
    registered: list[Any] = []
    register_ingestors(registered.append)
    assert [(i.name, i.version, i.schemes, i.complete) for i in registered] == [("files", "2", ("file",), True)]


def test_folders_are_searched_with_their_subfolders_and_files_come_sorted_by_path(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "deep/er/c.MD", "page.html", "old.htm", "notes.pdf", "a.txt.meta.json"):
        write(tmp_path / name)
    assert listed(tmp_path) == ["a.txt", "b.txt", "c.MD", "old.htm", "page.html"]


def test_the_uri_is_that_of_the_resolved_path(tmp_path: Path) -> None:
    path = write(tmp_path / "a b.txt")
    (item,) = ingestor(tmp_path).discover()
    assert item.uri == path.resolve().as_uri()
    assert item.uri.endswith("/a%20b.txt")


def test_hidden_files_hidden_folders_and_sidecars_are_left_out(tmp_path: Path) -> None:
    for name in (".a.txt", ".git/b.txt", "c.meta.json", "d.txt"):
        write(tmp_path / name)
    assert listed(tmp_path, patterns=["*"]) == ["d.txt"]


def test_a_file_that_is_named_itself_is_listed_whatever_its_ending_and_only_once(tmp_path: Path) -> None:
    path = write(tmp_path / "article.text")
    assert listed(path, path) == ["article.text"]


def test_links_are_followed_but_no_folder_is_entered_twice(tmp_path: Path) -> None:
    write(tmp_path / "news" / "a.txt")
    (tmp_path / "news" / "loop").symlink_to(tmp_path / "news")
    write(tmp_path / "elsewhere" / "b.txt")
    (tmp_path / "news" / "link").symlink_to(tmp_path / "elsewhere")
    assert listed(tmp_path / "news") == ["b.txt", "a.txt"]


def test_a_configured_path_that_is_gone_is_an_error_that_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"unmounted does not exist, but `paths` in \[plugins.files\]"):
        listed(tmp_path / "unmounted")


def test_a_broken_link_is_an_error_and_does_not_delete_the_article(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "gone.txt")
    with pytest.raises(FileNotFoundError, match=r"a\.txt has no target"):
        listed(tmp_path)


def test_a_file_has_the_same_token_whether_it_or_its_folder_or_a_link_is_named(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "b.txt.meta.json", "b.meta.json", "c.txt", "c.meta.json", "d.txt.gz"):
        write(tmp_path / "inbox" / name)
    (tmp_path / "links").mkdir()
    files = [tmp_path / "inbox" / name for name in ("a.txt", "b.txt", "c.txt", "d.txt.gz")]
    for file in files:
        (tmp_path / "links" / f"x{file.name}").symlink_to(file)

    items = list(ingestor(tmp_path / "inbox").discover())

    assert [item.uri for item in items] == [file.as_uri() for file in files]
    assert ["meta.json" in item.token for item in items] == [False, True, True, False]
    assert list(ingestor(*files).discover()) == items
    assert list(ingestor(tmp_path / "links").discover()) == items


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_bytes_are_read_exactly(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "page.html"
    path.write_bytes(content)
    assert fetched(path).content == content


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.txt", "text/plain"),
        ("a.md", "text/markdown"),
        ("a.HTM", "text/html"),
        ("a.html", "text/html"),
        ("a.pdf", "application/pdf"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_media_type_comes_from_the_ending(tmp_path: Path, name: str, media_type: str) -> None:
    assert fetched(write(tmp_path / name)).media_type == media_type


def packed(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content))
    return path


def test_a_packed_file_is_listed_and_read_as_what_is_in_it(tmp_path: Path) -> None:
    packed(tmp_path / "a.html.gz", b"<p>Words.")
    packed(tmp_path / "b.txt.GZ", b"---\nlang: en\n---\nWords.")
    write(tmp_path / "b.txt.meta.json", '{"outlet": "The Example"}')
    packed(tmp_path / "c.pdf.gz", b"no article")
    assert listed(tmp_path) == ["a.html.gz", "b.txt.GZ"]
    page, text = fetched(tmp_path / "a.html.gz"), fetched(tmp_path / "b.txt.GZ")
    assert (page.media_type, page.content) == ("text/html", b"<p>Words.")
    assert (text.media_type, text.metadata) == ("text/plain", {"language": "en", "outlet": "The Example"})


def test_a_packed_file_is_unpacked_no_further_than_the_limit(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "a.txt.gz", b"a" * 1_000_000)
    assert bomb.stat().st_size < 2_000
    exactly = Item(bomb.as_uri(), "", limit=1_000_000)
    assert len(ingestor().fetch(exactly).content) == 1_000_000
    with pytest.raises(TooLargeError, match=r"a\.txt\.gz has more bytes than the 999,999 that \[run\] document_bytes"):
        ingestor().fetch(replace(exactly, limit=999_999))


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-9], lambda _: b"no gzip", lambda content: content[:12] + b"?" + content[13:]]
)
def test_a_damaged_packed_file_says_so_and_is_not_tried_again_by_itself(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(damage(gzip.compress(b"Some words to pack, and some more of them.")))
    with pytest.raises(PackedError, match=r"a\.txt\.gz cannot be unpacked: "):
        fetched(path)


@pytest.mark.parametrize("sidecar", ["a.txt.meta.json", "a.meta.json"])
def test_a_sidecar_is_named_after_the_file_or_its_stem(tmp_path: Path, sidecar: str) -> None:
    write(tmp_path / sidecar, '{"outlet": "The Example"}')
    assert fetched(write(tmp_path / "a.txt")).metadata == {"outlet": "The Example"}


def test_the_sidecar_with_the_full_name_goes_before_the_one_with_the_stem(tmp_path: Path) -> None:
    write(tmp_path / "a.meta.json", '{"outlet": "Stem"}')
    write(tmp_path / "a.txt.meta.json", '{"outlet": "Full"}')
    assert fetched(write(tmp_path / "a.txt")).metadata == {"outlet": "Full"}


def test_front_matter_is_read_and_its_dates_become_iso_8601(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", "---\ntitle: Harbour reopens\ndate: 2024-03-01\ntags: [sea, 1]\n---\nText.\n")
    assert fetched(path).metadata == {"headline": "Harbour reopens", "published": "2024-03-01", "tags": ["sea", 1]}


def test_the_sidecar_wins_over_front_matter_key_by_key(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "---\nauthor: Ann\nlang: en\n---\nText.\n")
    write(tmp_path / "a.txt.meta.json", '{"byline": "Ann Lee"}')
    assert fetched(path).metadata == {"byline": "Ann Lee", "language": "en"}


@pytest.mark.parametrize(
    "text", ["---\nA line between rules.\n---\n", "--- a dash\n", "Words.\n---\na: b\n---\n", "---"]
)
def test_text_with_dashes_is_not_front_matter(tmp_path: Path, text: str) -> None:
    assert fetched(write(tmp_path / "a.txt", text)).metadata == {}


def test_html_has_no_front_matter(tmp_path: Path) -> None:
    assert fetched(write(tmp_path / "a.html", "---\na: b\n---\n")).metadata == {}


@pytest.mark.parametrize(
    ("sidecar", "where"),
    [('{\n"outlet": }', "line 2: not valid JSON"), ("[1]", "line 1: a sidecar is a JSON object"), ("", "line 1")],
)
def test_a_bad_sidecar_is_an_error_that_names_file_and_line(tmp_path: Path, sidecar: str, where: str) -> None:
    write(tmp_path / "a.meta.json", sidecar)
    with pytest.raises(MetadataError, match=rf"a\.meta\.json, {where}"):
        fetched(write(tmp_path / "a.txt"))


def test_bad_front_matter_is_an_error_that_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match=r"a\.md, line 3: front matter is not valid YAML"):
        fetched(write(tmp_path / "a.md", "---\ntitle: fine\nnote: this: that\n---\nText.\n"))


def test_common_names_of_keys_are_understood_and_others_kept() -> None:
    given_names = {"Title": "A", "authors": ["B", "C"], "site": "D", "date": "2024", "lang": "en", "section": "World"}
    assert merge_metadata(given_names, {}) == {
        "headline": "A",
        "byline": ["B", "C"],
        "outlet": "D",
        "published": "2024",
        "language": "en",
        "section": "World",
    }


def test_a_second_name_for_the_same_thing_is_kept_under_its_own() -> None:
    assert merge_metadata({"headline": "A", "title": "B"}, {}) == {"headline": "A", "title": "B"}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.one_of(st.text(), st.integers()),
        st.recursive(
            st.one_of(st.none(), st.text(), st.floats(), st.dates(), st.datetimes(), st.binary()),
            lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.integers(), inner)),
            max_leaves=5,
        ),
    )
)
def test_metadata_is_always_valid_json(front_matter: dict[Any, Any]) -> None:
    assert json.loads(json.dumps(merge_metadata(front_matter, {}), allow_nan=False)) == merge_metadata(front_matter, {})


def test_nothing_changes_while_nothing_is_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    assert state(path) == state(path)


def test_editing_the_file_changes_token_and_content_hash(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    before = state(path)
    write(path, "Other words.")
    assert all(new != old for new, old in zip(state(path), before, strict=True))


def test_a_file_of_the_same_size_written_later_has_another_token(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "one")
    os.utime(path, ns=(0, 1))
    before, _ = state(path)
    write(path, "two")
    os.utime(path, ns=(0, 2))
    assert state(path)[0] != before


def test_adding_editing_and_deleting_a_sidecar_each_change_token_and_content_hash(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt")
    states = [state(path)]
    sidecar = write(tmp_path / "a.meta.json", '{"outlet": "One"}')
    states.append(state(path))
    write(sidecar, '{"outlet": "Three"}')
    states.append(state(path))
    sidecar.unlink()
    assert state(path) == states[0]
    assert len({token for token, _ in states}) == len({digest for _, digest in states}) == 3
