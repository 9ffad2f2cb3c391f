"""What a component is now: what its rows must have been made by to be up to date."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType

from ..model.bookkeeping import CLEAN, ComponentRow, StageName
from ..model.identity import canonical_json, content_hash
from ..plugins.components import Annotator, Component
from ..plugins.pipelines import Pipeline
from ..plugins.registry import Plugins


@dataclass(frozen=True, slots=True)
class ComponentVersion:
    """A component as it is configured now, for the subjects in one language or in all."""

    component: str
    stage: StageName
    version: str
    configuration: str
    requirements: str
    """The fingerprints of what it requires, as canonical JSON."""
    pipeline: str | None
    language: str | None
    """None where the component works alike on all languages."""
    distribution: str
    source_hash: str
    writes: tuple[str, ...]
    per_article: bool
    needs: tuple[str, ...] = ()
    """The components that it requires, and those that they require."""
    family: str | None = None
    """Where a run leaves what is merely stale: a name for the components that read each other's rows, directly or not.
    What is stale is then done with a subject on which one of them has other work, so that their rows fit together.
    None where a run recomputes it."""
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        what = (self.component, self.version, self.configuration, self.requirements, self.pipeline or "")
        object.__setattr__(self, "fingerprint", content_hash(*what))

    @property
    def row(self) -> ComponentRow:
        """The target as a row of the table `component_version`."""
        names = ComponentRow.model_fields.keys() - {"writes"}
        return ComponentRow(**{name: getattr(self, name) for name in names}, writes=list(self.writes))


def component_versions(plugins: Plugins) -> list[ComponentVersion]:
    """The target of every component, in the order in which they run.

    An annotator that reads docs, or requires one that does, has a target for each language with a
    pipeline: then a new German pipeline leaves English annotations as they are.
    """
    made: dict[tuple[str, str | None], ComponentVersion] = {}
    leaves = plugins.settings.run.stale == "leave"
    families = _families(plugins.annotators) if leaves else {}

    def add(component: Component, stage: StageName, pipeline: str | None = None, language: str | None = None) -> None:
        required = [made.get((name, language)) or made.get((name, None)) for name in component.requires]
        found = [target for target in required if target is not None]
        if stage == "aggregate":
            found = [t for t in made.values() if t.component in component.requires]
        made[component.name, language] = ComponentVersion(
            component=component.name,
            stage=stage,
            version=component.version,
            configuration=_configuration(component),
            requirements=canonical_json({f"{t.component} {t.language or ''}".strip(): t.fingerprint for t in found}),
            pipeline=pipeline,
            language=language,
            distribution=plugins.distribution_of(component),
            source_hash=source_hash(component),
            writes=tuple(table.name for table in plugins.tables_of(component)),
            per_article=stage == "annotate",
            needs=tuple(sorted({name for t in found for name in (t.component, *t.needs)})),
            # An aggregator's tables are filled as a whole: leaving them would leave rows about what is gone.
            family=families.get(component.name, component.name) if leaves and stage != "aggregate" else None,
        )

    for ingestor in plugins.ingestors.values():
        add(ingestor, "ingest")
    by_language: dict[str, bool] = {}
    # Without any pipeline the target is for no language, so that the plan knows of the component at all.
    pipelines: dict[str, Pipeline | None] = {**plugins.pipelines} or {"": None}
    for name, annotator in plugins.annotators.items():
        by_language[name] = annotator.uses_doc or any(by_language[required] for required in annotator.requires)
        for language, pipeline in pipelines.items() if by_language[name] else [(None, None)]:
            add(annotator, "annotate", pipeline.identity if pipeline and annotator.uses_doc else None, language)
    for aggregator in plugins.aggregators.values():
        add(aggregator, "aggregate")
    return [*_stage(made, "ingest"), _clean(plugins), *_stage(made, "annotate"), *_stage(made, "aggregate")]


def _stage(made: dict[tuple[str, str | None], ComponentVersion], stage: StageName) -> Iterator[ComponentVersion]:
    return (target for target in made.values() if target.stage == stage)


def _clean(plugins: Plugins) -> ComponentVersion:
    """All cleaners together are one target: a document passes through every one of them."""
    settings = {"default_language": plugins.settings.language.default}
    return ComponentVersion(
        component=CLEAN,
        stage="clean",
        version=", ".join(f"{cleaner.name} {cleaner.version}" for cleaner in plugins.cleaners),
        configuration=canonical_json(settings | {c.name: c.config.model_dump() for c in plugins.cleaners}),
        requirements="{}",
        pipeline=None,
        language=None,
        distribution=", ".join(sorted({plugins.distribution_of(cleaner) for cleaner in plugins.cleaners})),
        source_hash=content_hash(*(source_hash(cleaner) for cleaner in plugins.cleaners)),
        writes=("article", "segment"),
        per_article=False,
        family=CLEAN if plugins.settings.run.stale == "leave" else None,
    )


def _families(annotators: Mapping[str, Annotator]) -> dict[str, str]:
    """A name for each group of annotators that are connected by what they require."""
    family = {name: name for name in annotators}
    for name, annotator in annotators.items():
        for required in annotator.requires:
            joined, gone = family[required], family[name]
            family = {member: joined if own == gone else own for member, own in family.items()}
    return family


def _configuration(component: Component) -> str:
    return canonical_json(component.config.model_dump())


def source_hash(component: Component) -> str:
    """Hash of the file that a component is written in, or of all Python files of its package, as they were loaded."""
    try:
        file = Path(inspect.getfile(type(component)))
    except (OSError, TypeError):
        return ""
    place = file.parent if (file.parent / "__init__.py").exists() else file
    return hash_sources(place, sys.modules.get(type(component).__module__))


@cache
def hash_sources(place: Path, _module: ModuleType | None) -> str:
    """Hash of Python files, once for each module loaded from them: a process that has been up for long does not run
    what is there since.
    """
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        digest.update(file.read_bytes())
    return digest.hexdigest()
