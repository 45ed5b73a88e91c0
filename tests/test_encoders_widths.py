"""Three widths: that of the embedding table, of the states, and of the sentence vector."""

import shutil

import numpy as np
import pytest
import torch

from xltlib import encoders, heads, training
from xltlib.adaptation.mlm import MaskedLanguageModel, masked_batches
from xltlib.batching import Batch
from xltlib.components.base import make

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 140,
}


@pytest.fixture(scope="module")
def wide(tiny, tmp_path_factory):
    """Folders of tiny encoders of several widths: (table, states, vector)."""
    import transformers as hf
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer import modules

    root = tmp_path_factory.mktemp("wide")
    torch.manual_seed(1)
    rows = len(hf.AutoTokenizer.from_pretrained(tiny["xlm-r"]))
    ids = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    models = {
        "albert": hf.AlbertModel(hf.AlbertConfig(vocab_size=rows, embedding_size=12, **ids, **SIZES)),
        "rembert": hf.RemBertModel(
            hf.RemBertConfig(vocab_size=rows, input_embedding_size=20, **ids, **SIZES)
        ),
        "electra": hf.ElectraModel(hf.ElectraConfig(vocab_size=rows, embedding_size=16, **ids, **SIZES)),
    }
    for name, model in models.items():
        shutil.copytree(tiny["xlm-r"], root / name)
        model.save_pretrained(root / name)
    for name, size in (("narrow", 24), ("broad", 40)):
        parts = [modules.Transformer(str(tiny["bert"])), modules.Pooling(32, "mean")]
        parts.append(modules.Dense(32, size, activation_function=torch.nn.Tanh()))
        SentenceTransformer(modules=parts, device="cpu").save(str(root / name))
    return root


WIDTHS = {
    "albert": (12, 32, 32),
    "rembert": (20, 32, 32),
    "electra": (16, 32, 32),
    "narrow": (32, 32, 24),
    "broad": (32, 32, 40),
}


@pytest.mark.parametrize("name", WIDTHS)
def test_each_width_is_told(wide, name):
    encoder = encoders.load(str(wide / name))
    assert (encoder.table.shape[1], encoder.hidden, encoder.width) == WIDTHS[name]


@pytest.mark.parametrize("name", WIDTHS)
@pytest.mark.parametrize("head", ["cross", "bi"])
def test_every_head_trains_and_survives_saving(wide, words, tmp_path, name, head):
    training.set_seed(1)
    trimmed = encoders.trim(encoders.load(str(wide / name)), words[:20])
    model = heads.build(head, trimmed)
    batch = Batch(words[:4], words[4:8], [0, 1, 0, 1])
    heads.loss(model, batch, contrastive=1.0 if head == "bi" else 0.0).backward()
    heads.loss(model, Batch(words[:4], words[4:8])).backward()  # translation ranking
    assert model.embed(words[:3]).shape == (3, WIDTHS[name][2])
    assert model.pool(model.tensors(words[:3])).shape == (3, 32)
    heads.save_trained(model, tmp_path)
    training.set_seed(2)
    again = heads.build(head, trimmed)
    heads.load_trained(again, tmp_path)
    with torch.inference_mode():
        one, two = (of.eval().logits(words[:2], words[2:4]) for of in (model, again))
    assert torch.equal(one, two)


@pytest.mark.parametrize("name", WIDTHS)
def test_trimming_and_saving_change_no_vector(wide, words, tmp_path, name):
    whole = encoders.load(str(wide / name))
    encoders.save(whole, tmp_path / "copy")
    copies = [whole, encoders.load(str(tmp_path / "copy")), encoders.trim(whole, words[:5])]
    with torch.inference_mode():
        one, *others = (heads.build("bi", of).eval().embed(words[:5]) for of in copies)
    assert all(torch.equal(one, other) for other in others)


def test_vectors_of_another_width_are_those_of_sentence_transformers(wide, words):
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(wide / "narrow"), device="cpu").encode(
        words[:5], convert_to_tensor=True
    )
    with torch.inference_mode():
        found = heads.build("bi", encoders.load(str(wide / "narrow"))).eval().embed(words[:5])
    assert torch.allclose(found, torch.nn.functional.normalize(reference, dim=-1), atol=1e-6)


@pytest.mark.parametrize("name", WIDTHS)
def test_masked_words_are_guessed_from_a_table_of_any_width(wide, words, name):
    encoder = encoders.trim(encoders.load(str(wide / name)), words[:20])
    if encoder.tokenizer.mask_token is None:
        encoder.tokenizer.add_special_tokens({"mask_token": encoder.tokenizer.unk_token})
    model = MaskedLanguageModel(encoder, words[:20])
    model(**next(masked_batches(encoder, words[:20], 4, 32, 1))).backward()
    assert model.classifier[0].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("name, room", [("bert", 140), ("xlm-r", 138), ("xlm", 160), ("labse", 140)])
def test_more_tokens_than_positions_are_refused_before_training(tiny, name, room):
    encoder = encoders.load(str(tiny[name]))
    heads.build("cross", encoder, max_length=room)
    with pytest.raises(
        ValueError, match=f"max_length = {room + 1}: this encoder has positions for {room} tokens"
    ):
        heads.build("bi", encoder, max_length=room + 1)


@pytest.mark.parametrize("kind", ["mlm", "mlm-ranking", "tsdae", "syntax", "align"])
def test_an_adaptation_refuses_more_tokens_than_positions_by_name(tiny, kind):
    encoder = encoders.load(str(tiny["xlm-r"]))
    component = make("adaptation", {"kind": kind, "max_length": 139})
    component = component.holding(texts={"de": ["a b"] * 30})
    said = "^adaptation.max_length = 139: this encoder has positions for 138 tokens"
    with pytest.raises(ValueError, match=said):
        component.build(encoder, make("encoder", {"name": "tiny"}), 1)


def test_a_penalty_of_trees_refuses_more_tokens_than_positions_by_name(tiny):
    model = heads.build("cross", encoders.load(str(tiny["xlm-r"])))
    penalty = make("penalty", {"kind": "syntax", "max_length": 139}).holding(found={})
    said = "^penalty.max_length = 139: this encoder has positions for 138 tokens"
    with pytest.raises(ValueError, match=said):
        penalty.beside(None, model, 1, np.random.default_rng(1))


def test_lower_case_of_sentence_transformers_is_kept(tiny, tmp_path, words):
    import json

    folder = tmp_path / "lower"
    shutil.copytree(tiny["labse"], folder)
    path = folder / "sentence_bert_config.json"
    there = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**there, "do_lower_case": True}))
    encoder = encoders.load(str(folder))
    assert encoder.tokenize([words[0].upper()]) == encoder.tokenize([words[0].lower()])
    assert encoder.tokenize([words[0]]) == encoders.load(str(tiny["labse"])).tokenize([words[0].lower()])
