"""Training, with scores on the dev sets."""

from __future__ import annotations

import copy
import json
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ..pieces import WordPieces
from .corpora import Text, read_iob, read_polnear, read_treebank
from .examples import Cut, Example, collate
from .network import Network, Shape
from .objective import compute_losses


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters of a training run."""

    passes: dict[str, float]
    """Passes over each corpus."""
    window: int = 254
    """Word pieces of a window, without the two that mark its begin and end."""
    batch: int = 8
    """Windows per step."""
    rate: float = 2e-4
    """Learning rate of the top layer; each layer below has `decay` times that of the one above."""
    decay: float = 0.9
    head_rate: float = 1e-3
    warm_up: float = 0.08
    weights: tuple[tuple[str, float], ...] = (("roles", 1.0), ("names", 0.5), ("sentences", 0.2), ("teacher", 1.0))
    average: float = 0.998
    """Decay of the running average of the weights, which is the result."""
    seed: int = 1

    def times(self, share: float) -> Recipe:
        """Return the recipe with the passes scaled."""
        return replace(self, passes={name: passes * share for name, passes in self.passes.items()})


def read_examples(corpora: Path, vocabulary: WordPieces) -> dict[str, list[Example]]:
    """Read the training corpora."""
    texts: dict[str, Iterator[Text]] = {
        "polnear": (text for _, text in read_polnear(corpora, "train")),
        "conll": read_iob(corpora / "ner-conll2003-train.iob.xz"),
        "politics": read_iob(corpora / "ner-crossner-politics-train.iob.xz", 3),
        "treebanks": (
            text for name in ("ewt", "gum") for text in read_treebank(corpora / f"ud-{name}-train.conllu.xz")
        ),
    }
    return {name: [Example.of(text, vocabulary) for text in found] for name, found in texts.items()}


def cut_windows(found: dict[str, list[Example]], recipe: Recipe, random: Random) -> list[Cut]:
    """Cut all windows of a training run, with every corpus spread evenly."""
    placed: list[tuple[float, Cut]] = []
    for name, times in recipe.passes.items():
        for turn in range(math.ceil(times)):
            share = min(1.0, times - turn)
            chosen = random.sample(found[name], round(share * len(found[name])))
            of_turn = [(each, *cut) for each in chosen for cut in each.cut(recipe.window, random)]
            random.shuffle(of_turn)
            placed += [((turn + share * at / len(of_turn)) / times, cut) for at, cut in enumerate(of_turn)]
    placed.sort(key=lambda pair: pair[0])
    return [cut for _, cut in placed]


def group_batches(found: list[Cut], recipe: Recipe) -> Iterator[list[Cut]]:
    """Group windows of similar length, with similar numbers of pieces per batch."""
    limit = recipe.batch * (recipe.window + 2)
    bucket = 16 * recipe.batch
    random = Random(recipe.seed)
    for at in range(0, len(found), bucket):
        near = sorted(found[at : at + bucket], key=lambda cut: cut[2] - cut[1])
        together: list[list[Cut]] = [[]]
        pieces = 0
        for cut in near:
            length = int(cut[0].pieces.begins[cut[2]] - cut[0].pieces.begins[cut[1]]) + 2
            if together[-1] and pieces + length > limit:
                together.append([])
                pieces = 0
            together[-1].append(cut)
            pieces += length
        random.shuffle(together)
        yield from together


def train(
    network: Network,
    found: dict[str, list[Example]],
    recipe: Recipe,
    vocabulary: WordPieces,
    say: Callable[[str], None],
    checkpoint: Callable[[Network, int], None] = lambda network, step: None,
    every: int = 500,
    teacher: Network | None = None,
) -> Network:
    """Train the network; returns the running average of its weights.

    With a teacher it also learns to reproduce the teacher's encoder output (Jiao et al. 2020, arXiv:1909.10351).
    """
    torch.manual_seed(recipe.seed)
    steps = list(group_batches(cut_windows(found, recipe, Random(recipe.seed)), recipe))
    groups: dict[float, list[torch.nn.Parameter]] = defaultdict(list)
    top = network.shape.layers
    for name, parameter in network.named_parameters():
        if name.startswith("layers."):
            rate = recipe.rate * recipe.decay ** (top - 1 - int(name.split(".")[1]))
        elif name.startswith(("pieces", "positions", "constant", "norm")):
            rate = recipe.rate * recipe.decay**top
        else:
            rate = recipe.head_rate
        groups[rate].append(parameter)
    optimizer = torch.optim.AdamW([{"params": p, "lr": rate} for rate, p in groups.items()], weight_decay=0.01)
    warm_up = max(1, int(recipe.warm_up * len(steps)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm_up, max(0.02, (len(steps) - step) / (len(steps) - warm_up)))
    )
    average = copy.deepcopy(network).eval()
    device = next(network.parameters()).device
    weights = dict(recipe.weights)
    running: dict[str, float] = {}
    began = time.monotonic()
    for step, rows in enumerate(steps, 1):
        network.train()
        found_losses = compute_losses(network, collate(rows, vocabulary).to(device), teacher)
        loss = sum(weights[name] * value for name, value in found_losses.items())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        decay = min(recipe.average, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
        for name, value in found_losses.items():
            running[name] = 0.98 * running.get(name, float(value.detach())) + 0.02 * float(value.detach())
        if step % 20 == 0:
            report = " ".join(f"{name} {value:.4f}" for name, value in running.items())
            say(f"step {step}/{len(steps)} {(time.monotonic() - began) / 60:.1f} min {report}")
        if step % every == 0 or step == len(steps):
            checkpoint(average, step)
    return average


def load_network(path: Path) -> Network:
    """Load a saved network."""
    with safe_open(path, "pt") as file:
        network = Network(Shape(**json.loads(file.metadata()["shape"])))
        network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    return network.eval()


def make_student(teacher: Network, layers: Sequence[int]) -> Network:
    """Make a network that begins with these layers of its teacher."""
    network = Network(replace(teacher.shape, layers=len(layers)), teacher.dropout)
    state = {name: value for name, value in teacher.state_dict().items() if not name.startswith("layers.")}
    for ours, theirs in enumerate(layers):
        for name, value in teacher.layers[theirs].state_dict().items():
            state[f"layers.{ours}.{name}"] = value
    network.load_state_dict(state)
    return network


def save(network: Network, recipe: Recipe | None, path: Path) -> None:
    """Write the weights, with the encoder's shape."""
    notes = {"shape": json.dumps(asdict(network.shape))} | ({"recipe": json.dumps(asdict(recipe))} if recipe else {})
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path, notes)
