"""What is to be measured on a machine with a GPU: training beside peers at XLM-R base's size, and a study.

    XLTLIB_DATA=<folder> python benchmarks/gpu.py --jobs 4
    python benchmarks/gpu.py --tiny                    # the same steps on any machine, to see that they work

1. benchmarks/throughput.py with an encoder of XLM-R base's shapes and random weights, 32 pairs of up to 64
   tokens: ours, Trainer with its defaults, Trainer in bf16. The encoder serves for speed alone: no result
   comes from it. Rows go to benchmarks/throughput.csv, beside those of other devices.
2. ``run_all.py STUDY --jobs N``, with its minutes; records and figures go to runs/gpu/.
"""

from __future__ import annotations

import subprocess
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from xltlib import encoders
from xltlib.encoders import Encoder

ROOT = Path(__file__).resolve().parent.parent
NAME = "xlm-roberta-base-shapes"  # random weights
BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
PEERS = ["Trainer, fp32 (defaults)", "Trainer, bf16"]


def random_encoder(folder: Path, shape: dict[str, int]) -> None:
    """Write an XLM-R of this shape with random weights; the offline encoder's tokenizer is that of XLM-R."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    tokenizer = encoders.load("offline").tokenizer
    special = {"pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id}
    special["eos_token_id"] = tokenizer.eos_token_id
    config = XLMRobertaConfig(vocab_size=len(tokenizer), max_position_embeddings=514, **special, **shape)
    torch.manual_seed(1)
    model = XLMRobertaModel(config, add_pooling_layer=False)
    encoders.save(Encoder(NAME, model, tokenizer), folder)


def beside_peers(folder: Path, tiny: bool, out: Path) -> list[str]:
    """Arguments of throughput.py."""
    size = ["--batch-size", "4", "--steps", "2", "--rounds", "1", "--test-items", "8"]
    if not tiny:
        size = ["--batch-size", "32", "--steps", "100", "--rounds", "5", "--test-items", "2000"]
    about = ["--encoder", str(folder), "--max-length", "64", "--accuracy", "0", "--out", str(out)]
    return [*size, *about, "--peers", *PEERS]


def study(name: str, jobs: int, changes: list[str], place: Path) -> list[str]:
    """Arguments of run_all.py; records and figures go below ``place``."""
    places = ["--runs", str(place / "runs"), "--figures", str(place / "figures")]
    return [name, "--jobs", str(jobs), *places, *(part for given in changes for part in ("--set", given))]


def timed(command: list[str]) -> float:
    """Seconds of a command; ends this script where it fails."""
    print("$", *command, flush=True)
    began = time.perf_counter()
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="paws-x")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="as run_all.py has it")
    parser.add_argument("--tiny", action="store_true", help="tiny shapes, and only the plan of the study")
    args = parser.parse_args()
    if not (args.tiny or torch.cuda.is_available()):
        sys.exit("no GPU here; --tiny runs the same steps on a CPU")
    with TemporaryDirectory() as place:
        folder = Path(place) / NAME
        random_encoder(folder, TINY if args.tiny else BASE)
        out = Path(place) / "tiny.csv" if args.tiny else ROOT / "benchmarks" / "throughput.csv"
        timed(["benchmarks/throughput.py", *beside_peers(folder, args.tiny, out)])
    command = ["run_all.py", *study(args.study, args.jobs, args.set, ROOT / "runs" / "gpu")]
    if args.tiny:
        timed([*command, "--list"])
    else:
        print(f"{args.study}, {args.jobs} at a time: {timed(command) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
