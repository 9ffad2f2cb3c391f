"""Built-in cleaners: turn documents into articles.

They cut markup, boilerplate and copies, join wrapped lines, and find headline, dates and credits.
"""

from __future__ import annotations

from collections.abc import Callable

from onrecord import Cleaner, hookimpl

from .boilerplate import (
    Boilerplate,
    Captions,
    LinkedStories,
    ListedStories,
    SideBoxes,
    Teasers,
    WrappedBoilerplate,
)
from .copies import Copies
from .dates import DoubtfulDates, TextDates
from .duplicates import Duplicates, Fragments
from .fixpoint import Fixpoint
from .heading import Bylines, Credits, Dateline, Headline, SignOffs
from .kinds import Kinds
from .language import Language
from .markup import FrontMatter, HtmlText, MarkdownText
from .metadata import DocumentMetadata
from .readers import DateLines, ReaderComments
from .wrapping import HardWraps

ONRECORD_API = 1


@hookimpl
def register_cleaners(register: Callable[[Cleaner], None]) -> None:
    for cleaner in (
        DocumentMetadata(),
        HtmlText(),
        MarkdownText(),
        FrontMatter(),
        ReaderComments(),
        Boilerplate(),
        LinkedStories(),
        DateLines(),
        Captions(),
        Fragments(),
        Credits(),
        Bylines(),
        Copies(),
        HardWraps(),
        WrappedBoilerplate(),
        ListedStories(),
        Duplicates(),
        SignOffs(),
        Headline(),
        Dateline(),
        SideBoxes(),
        Teasers(),
        Fixpoint(),
        Language(),
        TextDates(),
        DoubtfulDates(),
        Kinds(),
    ):
        register(cleaner)
