"""The PolNeAR corpus as a folder of text files with sidecars, like an inbox.

Its public home is the repository networkdynamics/PolNeAR. It is expected as `polnear-train.jsonl.xz` and
`polnear-dev.jsonl.xz`, a JSON object per article, in a folder named by an argument or by ONRECORD_CORPORA.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import sys
from pathlib import Path

PARTS = ("polnear-train", "polnear-dev")


def folder(argument: str | None = None) -> Path | None:
    """Return the folder of the corpora, or print a message and return None."""
    named = argument or os.environ.get("ONRECORD_CORPORA")
    if not named:
        print("no corpora: name their folder with ONRECORD_CORPORA=folder", file=sys.stderr)
        return None
    missing = [part for part in PARTS if not (Path(named) / f"{part}.jsonl.xz").exists()]
    if missing:
        print(f"no {' and no '.join(missing)}.jsonl.xz in {named}: see networkdynamics/PolNeAR", file=sys.stderr)
        return None
    return Path(named)


def write_out(corpora: Path, inbox: Path, most: int | None = None) -> int:
    """Write articles as text files with sidecars; returns their number."""
    inbox.mkdir(parents=True, exist_ok=True)
    count = 0
    for part in PARTS:
        with lzma.open(corpora / f"{part}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                if most is not None and count >= most:
                    return count
                article = json.loads(line)
                name = re.sub(r"[^\w-]+", "_", article["id"])
                known = {
                    "headline": article["title"],
                    "outlet": article["outlet"],
                    "published": article["published"],
                    "byline": article["author"],
                    "language": "en",
                }
                (inbox / f"{name}.txt").write_text(article["text"], encoding="utf-8")
                (inbox / f"{name}.txt.meta.json").write_text(
                    json.dumps({key: value for key, value in known.items() if value and value != "None"}),
                    encoding="utf-8",
                )
                count += 1
    return count
