"""Decode bytes to text."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

import charset_normalizer

_FEW = 10
"""Text counts as nearly all ASCII if fewer than one byte in this many is not."""


_SIGNS_OF_UTF_8 = 20
"""So many valid UTF-8 sequences to one invalid byte: the text is UTF-8 with a few words pasted from elsewhere."""


_DECLARATION_WITHIN = 2048
"""Bytes from the beginning of a page within which it can declare its encoding."""


_MARKUP = frozenset({"text/html", "application/xhtml+xml", "text/xml", "application/xml"})


_DECLARED = re.compile(
    rb"""(?:<meta\b[^>]{0,200}?\bcharset|<\?xml\b[^>]{0,200}?\bencoding)\s*=\s*["']?\s*([\w.:-]{2,40})""", re.I
)


_TAKEN_FOR = {
    "ascii": "cp1252", "us-ascii": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252", "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
    "shift-jis": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "big5": "big5hkscs", "tis-620": "cp874",
}  # fmt: skip
"""Encodings that pages declare when they mean a larger one; browsers read them so too."""


_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def decode(content: bytes, media_type: str = "text/plain") -> str:
    """Decode bytes as text.

    By byte order mark, as UTF-8 where that is valid, as a page declares, or as is likeliest. Valid UTF-8 goes before
    what an HTML page declares, because nothing else looks like it. Raises ValueError for bytes that are no text in any
    encoding.
    """
    with suppress(UnicodeDecodeError):
        return content.decode("utf-8-sig")
    if b"\xed" in content:
        # Halves of characters outside the basic plane, as some programs write them: pairs are put together.
        with suppress(UnicodeDecodeError):
            halves = content.decode("utf-8", "surrogatepass")
            return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            with suppress(UnicodeDecodeError):
                return content.decode(encoding)
    if media_type in _MARKUP and (declared := _DECLARED.search(content[:_DECLARATION_WITHIN])):
        name = declared[1].decode("ascii").lower()
        with suppress(UnicodeDecodeError, LookupError):
            # One that makes no text of bytes (hex, rot13) raises LookupError.
            return content.decode(_TAKEN_FOR.get(name, name))
    if b"\0" not in content:
        high = sum(byte > 127 for byte in content)
        sequences = _UTF_8.findall(content)
        if len(sequences) >= _SIGNS_OF_UTF_8 * max(high - sum(map(len, sequences)), 1):
            return content.decode("utf-8", "onrecord_cp1252")
        if high * _FEW < len(content):
            # A word here and there tells too little to guess from; English text is in no other encoding as often.
            with suppress(UnicodeDecodeError):
                return content.decode("cp1252")
    best = charset_normalizer.from_bytes(content).best()
    if best is None:
        raise ValueError("the content is not text in any encoding that could be recognised")
    return str(best)


def _decode_as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Read what is invalid in UTF-8 as cp1252: words pasted from another page."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("onrecord_cp1252", _decode_as_cp1252)
