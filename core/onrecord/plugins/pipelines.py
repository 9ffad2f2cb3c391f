"""spaCy pipelines by language, loaded on first use and once per process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, OnrecordError

if TYPE_CHECKING:
    from spacy.language import Language


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A spaCy pipeline for a language; `load` is called on first use."""

    language: str
    """ISO 639-1 code."""
    name: str
    """A name; annotations are stale when it or the version changes."""
    version: str
    load: Callable[[], Language]
    """A function that returns the loaded pipeline, at module level so that worker processes can import it."""
    pipes: tuple[str, ...] = ()
    """spaCy factories that annotators need; missing ones are added at the end of the pipeline."""

    @property
    def identity(self) -> str:
        """Name and version, as in the table `component_version`."""
        return f"{self.name} {self.version}"

    def with_pipes(self, factories: Iterable[str]) -> Pipeline:
        """Return the same pipeline with further factories that annotators need."""
        return replace(self, pipes=tuple(dict.fromkeys((*self.pipes, *factories))))


def find_installed_pipeline(name: str, file: Path | None) -> Pipeline:
    """Return an installed spaCy pipeline package, such as en_core_web_sm.

    Raises ConfigError, which names the configuration `file`, if it is not installed.
    """
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        reason = "no such spaCy pipeline is installed; pip install it, or leave the key out"
        raise ConfigError(file, "language", "pipeline", reason, name) from None

    def load() -> Language:
        import spacy

        return spacy.load(name)

    return Pipeline(name.partition("_")[0], name, version, load)


_MOST_NEW_WORDS = 100_000
"""spaCy keeps each word that it has read, some 650 bytes; with more than this, a pipeline is loaded again."""
_loaded: dict[Pipeline, tuple[Language, int]] = {}
"""Pipelines with the number of words that they knew at first."""


def load_pipeline(pipeline: Pipeline) -> Language:
    """Load a pipeline with the factories that annotators need, once per process.

    A pipeline that has read very many different words is loaded again, without them. Raises OnrecordError if a factory
    is not installed.
    """
    nlp, words = _loaded.get(pipeline, (None, 0))
    if nlp is None or len(nlp.vocab) > words + _MOST_NEW_WORDS:
        nlp = _load(pipeline)
        _loaded[pipeline] = nlp, len(nlp.vocab)
    return nlp


def _load(pipeline: Pipeline) -> Language:
    nlp = pipeline.load()
    for factory in pipeline.pipes:
        if factory not in nlp.pipe_factories.values():
            if not nlp.has_factory(factory):
                raise OnrecordError(
                    f"an annotator asks for the spaCy component {factory!r}, which no installed package provides: "
                    "install the one that does, or correct the annotator's `pipes`"
                )
            nlp.add_pipe(factory)
    return nlp
