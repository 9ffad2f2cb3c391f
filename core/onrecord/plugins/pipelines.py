"""spaCy pipelines: which one reads which language, loaded once per process and only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError, OnrecordError

if TYPE_CHECKING:
    from spacy.language import Language


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A spaCy pipeline for a language. Registering one costs nothing; `load` is called when it is needed."""

    language: str
    """ISO 639-1 code."""
    name: str
    """Its name; with the version it tells annotations made by one pipeline from those made by another."""
    version: str
    load: Callable[[], Language]
    """Returns the loaded pipeline. A module-level function, so that worker processes can import it."""
    pipes: tuple[str, ...] = ()
    """Factories of components that annotators ask for: those that the pipeline lacks are added at its end."""

    @property
    def identity(self) -> str:
        """Name and version, as they stand in the table `plugin`."""
        return f"{self.name} {self.version}"

    def with_pipes(self, wanted: Iterable[str]) -> Pipeline:
        """The same pipeline, with components that annotators ask for."""
        return replace(self, pipes=tuple(dict.fromkeys((*self.pipes, *wanted))))


def find_installed_pipeline(name: str, file: Path | None) -> Pipeline:
    """An installed spaCy pipeline package, such as en_core_web_sm.

    Raises ConfigError, about the configuration file that asks for it, if there is none.
    """
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        raise ConfigError(
            file,
            "language",
            "pipeline",
            "no such spaCy pipeline is installed; pip install it, or leave the key out",
            name,
        ) from None

    def load() -> Language:
        import spacy

        return spacy.load(name)

    return Pipeline(name.partition("_")[0], name, version, load)


@cache
def _loaded(language: str, name: str, version: str, load: Callable[[], Language], pipes: tuple[str, ...]) -> Language:
    nlp = load()
    for factory in pipes:
        if factory not in nlp.pipe_factories.values():
            if not nlp.has_factory(factory):
                raise OnrecordError(
                    f"an annotator asks for the spaCy component {factory!r}, which no installed package provides: "
                    "install the one that does, or correct the annotator's `pipes`"
                )
            nlp.add_pipe(factory)
    return nlp


def load_pipeline(pipeline: Pipeline) -> Language:
    """The pipeline's spaCy object, from this process's one copy, with the components that annotators ask for.

    Raises OnrecordError if one of these is not installed.
    """
    return _loaded(pipeline.language, pipeline.name, pipeline.version, pipeline.load, pipeline.pipes)
