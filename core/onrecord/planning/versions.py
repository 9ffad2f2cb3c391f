"""Component versions and their fingerprints, which decide if rows are stale."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from ..model.bookkeeping import CLEAN, ComponentVersion, StageName
from ..model.identity import canonical_json, content_hash
from ..plugins.components import Component
from ..plugins.registry import Plugins

ComponentVersions = Mapping[tuple[str, str | None], ComponentVersion]
"""Component versions by component and language, in the order in which they run.

The language is None for a component that treats all languages alike, and "" for one that has no pipeline at all.
"""

_LONGEST_VALUE = 40
"""Characters of a setting's value that are shown where it changed."""


def component_versions(plugins: Plugins) -> ComponentVersions:
    """Return the current version of every component.

    An annotator that reads docs, or requires one that does, has a version for each language with a pipeline, so that a
    new German pipeline leaves English annotations as they are. All cleaners together are one component.
    """
    made: dict[tuple[str, str | None], ComponentVersion] = {}

    def add(component: Component, stage: StageName, pipeline: str | None = None, language: str | None = None) -> None:
        required = {
            f"{name} {spoken or ''}".strip(): version.fingerprint
            for (name, spoken), version in made.items()
            if name in component.requires and (stage == "aggregate" or spoken in (None, language))
        }
        made[component.name, language] = _make_version(
            component=component.name,
            stage=stage,
            version=component.version,
            configuration=canonical_json(component.config.model_dump()),
            requirements=canonical_json(required),
            pipeline=pipeline,
            distribution=plugins.distribution_of(component),
            source_hash=source_hash(component),
            writes=[table.name for table in plugins.tables_of(component)],
        )

    for ingestor in plugins.ingestors.values():
        add(ingestor, "ingest")
    made[CLEAN, None] = _clean_version(plugins)
    by_language: dict[str, bool] = {}
    # Without any pipeline there is a version for no language, so that the plan knows of the component at all.
    identities: dict[str, str | None] = {language: each.identity for language, each in plugins.pipelines.items()}
    for name, annotator in plugins.annotators.items():
        by_language[name] = annotator.uses_doc or any(by_language[required] for required in annotator.requires)
        for language, identity in (identities or {"": None}).items() if by_language[name] else [(None, None)]:
            add(annotator, "annotate", identity if annotator.uses_doc else None, language)
    for aggregator in plugins.aggregators.values():
        add(aggregator, "aggregate")
    return made


def _clean_version(plugins: Plugins) -> ComponentVersion:
    default_language = plugins.settings.language.default
    configuration = {"default_language": default_language} | {c.name: c.config.model_dump() for c in plugins.cleaners}
    return _make_version(
        component=CLEAN,
        stage="clean",
        version=", ".join(f"{cleaner.name} {cleaner.version}" for cleaner in plugins.cleaners),
        configuration=canonical_json(configuration),
        requirements="{}",
        pipeline=None,
        distribution=", ".join(sorted({plugins.distribution_of(cleaner) for cleaner in plugins.cleaners})),
        source_hash=content_hash(*(source_hash(cleaner) for cleaner in plugins.cleaners)),
        writes=["article", "segment"],
    )


def _make_version(**fields: Any) -> ComponentVersion:
    parts = ("component", "version", "configuration", "requirements", "pipeline")
    fingerprint = content_hash(*(fields[part] or "" for part in parts))
    return ComponentVersion(**fields, fingerprint=fingerprint, per_article=fields["stage"] == "annotate")


def explain_change(old: ComponentVersion, new: ComponentVersion) -> str:
    """Describe how the fingerprints of two versions of a component differ."""
    before, after = json.loads(old.configuration), json.loads(new.configuration)
    changes: list[str] = []
    if new.component == CLEAN:
        versions = _cleaner_versions(old.version, before), _cleaner_versions(new.version, after)
        changes += _differences(*versions, "cleaner {} added", "cleaner {} removed", "cleaner {} {} → {}")
        # The settings of one that came or went say nothing more.
        before, after = ({k: v for k, v in each.items() if k in before and k in after} for each in (before, after))
    elif old.version != new.version:
        changes.append(f"version {old.version} → {new.version}")
    settings = (_flatten_settings(before), _flatten_settings(after))
    changes += _differences(*settings, "setting {} added", "setting {} removed", "setting {} {} → {}")
    if old.pipeline != new.pipeline:
        changes.append(f"pipeline {old.pipeline} → {new.pipeline}")
    requirements = (json.loads(old.requirements), json.loads(new.requirements))
    changes += _differences(*requirements, "requirement {} added", "requirement {} removed", "requirement {} changed")
    # Cleaners in another order.
    return ", ".join(changes) or f"version {old.version} → {new.version}"


def _differences(old: Mapping[str, str], new: Mapping[str, str], added: str, gone: str, changed: str) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        if key not in old:
            yield added.format(key)
        elif key not in new:
            yield gone.format(key)
        elif old[key] != new[key]:
            yield changed.format(key, _shorten(old[key]), _shorten(new[key]))


def _shorten(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else f"{value[: _LONGEST_VALUE - 1]}…"


def _cleaner_versions(version: str, configuration: Mapping[str, Any]) -> dict[str, str]:
    """The version of each cleaner, from "date 1, heading 3"."""
    pairs = (entry.partition(" ") for entry in version.split(", "))
    return {name: number for name, _, number in pairs if name in configuration}


def _flatten_settings(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """The value of each setting as text, by dotted name."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            flat |= _flatten_settings(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return flat


def find_upstream(plugins: Plugins) -> dict[str, frozenset[str]]:
    """Find the direct and indirect requirements of each component."""
    upstream: dict[str, frozenset[str]] = {}
    for name, component in [*plugins.annotators.items(), *plugins.aggregators.items()]:
        upstream[name] = frozenset(component.requires).union(*(upstream[each] for each in component.requires))
    return upstream


def find_connected(requires: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Name each component's connected component of the dependency graph."""
    label = {name: name for name in requires}
    for name, required in requires.items():
        joined = {label[name], *(label[each] for each in required)}
        label = {member: min(joined) if own in joined else own for member, own in label.items()}
    return label


def source_hash(component: Component) -> str:
    """Hash the loaded source of a component: its file, or all of its package."""
    try:
        file = Path(inspect.getfile(type(component)))
    except (OSError, TypeError):
        return ""
    path = file.parent if (file.parent / "__init__.py").exists() else file
    return hash_sources(path, sys.modules.get(type(component).__module__))


@cache
def hash_sources(path: Path, _module: ModuleType | None) -> str:
    """Hash Python files once per module, as a process runs the code it loaded."""
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        digest.update(file.read_bytes())
    return digest.hexdigest()
