"""Fixtures: tiny random-weight models of each architecture, as they lie on disk, and a tiny data folder."""

from __future__ import annotations

import ast
import csv
import json
import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing in the tests may look for a hub

import pytest
import torch
from real_data import REAL

from xltlib import encoders, tasks

LANGUAGES = ["en", "de", "es", "id"]


@pytest.fixture(autouse=True)
def no_precision_of_an_earlier_training():
    """accelerate keeps the first precision of a process; a run has a process of its own, a test has not."""
    if "accelerate.state" in sys.modules:
        sys.modules["accelerate.state"].AcceleratorState._reset_state()


def groups_of(source: str) -> dict[str, str]:
    """Tests that stand below a mark ``name = pytest.mark.xdist_group("group")``: function -> group."""
    tree, marks, found = ast.parse(source), {}, {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("pytest.mark.xdist_group("):
            marks[node.targets[0].id] = node.value.args[0].value
        if isinstance(node, ast.FunctionDef):
            own = [marks[mark.id] for mark in node.decorator_list if getattr(mark, "id", "") in marks]
            found |= dict.fromkeys([node.name] if own else [], *own)
    return found


def pytest_xdist_make_scheduler(config, log):
    """Tests of a group go to one worker, so that what they share is made once.

    xdist's own ``--dist loadgroup`` does so no more: pytest 9 does not let it rename tests.
    """
    from xdist.scheduler import LoadScopeScheduling

    folder, groups = Path(__file__).resolve().parent, {}
    for path in folder.glob("test_*.py"):
        of_file = groups_of(path.read_text(encoding="utf-8"))
        groups |= {f"tests/{path.name}::{name}": group for name, group in of_file.items()}

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, _ = nodeid.partition("::")
            if file.endswith(".ipynb"):  # the cells of a notebook share its kernel
                return file
            return groups.get(nodeid.split("[")[0], nodeid)

    if config.getvalue("dist") == "loadgroup":
        return ByGroup(config, log)


def demo_sentences() -> list[str]:
    """Sentences of the demo rows, all languages."""
    frame = tasks.load_pairs("demo", "test", LANGUAGES)
    return sorted({*frame.sentence1, *frame.sentence2})


@pytest.fixture(scope="session")
def words() -> list[str]:
    """Sentences of the demo rows, all languages."""
    return demo_sentences()


def _unigram(words, kind: str, path: Path):
    """A tokenizer trained on the demo sentences, as XLM-R (Unigram) or BERT (WordPiece) has it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    if kind == "unigram":
        special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(vocab_size=700, special_tokens=special, unk_token="<unk>")
        names = {
            "bos_token": "<s>",
            "pad_token": "<pad>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
        }
        start, end, inputs = "<s>", "</s>", ["input_ids", "attention_mask"]
        pair = "<s> $A </s> </s> $B </s>"
    else:
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=700, special_tokens=special)
        names = {
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
            "mask_token": "[MASK]",
        }
        start, end, inputs = "[CLS]", "[SEP]", ["input_ids", "token_type_ids", "attention_mask"]
        pair = "[CLS] $A:0 [SEP]:0 $B:1 [SEP]:1"
    tokenizer.train_from_iterator(words, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=pair,
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in (start, end)],
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **names)
    fast.save_pretrained(path)
    return fast


@pytest.fixture(scope="session")
def tiny(tmp_path_factory, words) -> dict[str, Path]:
    """Folders of tiny encoders: bert, xlm-r, xlm, and LaBSE in its sentence-transformers form."""
    return tiny_encoders(tmp_path_factory.mktemp("encoders"), words)


def tiny_encoders(root: Path, words: list[str]) -> dict[str, Path]:
    """The same, in a folder of one's own."""
    import transformers as hf

    shape = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 140,
    }
    torch.manual_seed(1)

    tokenizer = _unigram(words, "wordpiece", root / "bert")
    hf.BertModel(hf.BertConfig(vocab_size=len(tokenizer), **shape)).save_pretrained(root / "bert")
    tokenizer = _unigram(words, "unigram", root / "xlm-r")
    config = hf.XLMRobertaConfig(
        vocab_size=len(tokenizer), pad_token_id=1, bos_token_id=0, eos_token_id=2, type_vocab_size=1, **shape
    )
    hf.XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(root / "xlm-r")

    (root / "xlm").mkdir(parents=True)
    letters = sorted({c for sentence in words for c in sentence.lower() if c.isalnum()})
    special = ["<s>", "</s>", "<pad>", "<unk>", *(f"<special{i}>" for i in range(10))]
    pieces = [*special, *letters, *(f"{c}</w>" for c in [*letters, "."])]
    (root / "xlm/vocab.json").write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}))
    (root / "xlm/merges.txt").write_text("#version: 0.2\n")
    hf.XLMTokenizer(str(root / "xlm/vocab.json"), str(root / "xlm/merges.txt")).save_pretrained(root / "xlm")
    config = hf.XLMConfig(
        vocab_size=len(pieces), emb_dim=32, n_layers=2, n_heads=4, max_position_embeddings=160
    )
    hf.XLMModel(config).save_pretrained(root / "xlm")

    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    transformer = modules.Transformer(str(root / "bert"), max_seq_length=128)
    dense = modules.Dense(32, 32, activation_function=torch.nn.Tanh())
    parts = [transformer, modules.Pooling(32, "cls"), dense, modules.Normalize()]
    SentenceTransformer(modules=parts, device="cpu").save(str(root / "labse"))
    return {name: root / name for name in ("bert", "xlm-r", "xlm", "labse")}


@pytest.fixture(scope="session")
def offline_encoder():
    """The offline encoder, whole; loading it takes seconds, so tests that ask for it are of one group."""
    return encoders.load("offline")


@pytest.fixture(scope="session")
def written(tmp_path_factory) -> Path:
    """A data folder in the official PAWS-X layout, written from the demo rows."""
    folder = tmp_path_factory.mktemp("written")
    for code in LANGUAGES:
        place = folder / "paws-x/x-final" / code
        place.mkdir(parents=True)
        for split in ("train", "dev", "test"):
            if split == "train" and code != "en":
                continue
            rows = tasks.load_pairs("demo", split, [code]).rename(columns={"item": "id"})
            form = {"sep": "\t", "index": False, "lineterminator": "\n", "quoting": csv.QUOTE_NONE}
            rows[tasks.HEADER].to_csv(place / tasks.FILES[split], **form)
    return folder


@pytest.fixture
def paws(written, tmp_path) -> Path:
    """The same, to change at will."""
    return Path(shutil.copytree(written, tmp_path, dirs_exist_ok=True))


@pytest.fixture(scope="session")
def real() -> Path:
    """The folder of real data; tests that ask for it need XLTLIB_DATA."""
    if REAL is None:
        pytest.skip("XLTLIB_DATA names no folder of real PAWS-X")
    return REAL
