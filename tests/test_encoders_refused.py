"""Malformed models: each is refused when it is loaded, by one line that names the part and what is wrong."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from xltlib import encoders, heads
from xltlib.encoders.pieces import refuse_unknown

MODEL, CONFIG, MODULES = "model.safetensors", "config.json", "modules.json"
POOLING, DENSE = "1_Pooling/config.json", "2_Dense/config.json"
LAYER = "encoder.layer.1.output.dense.weight"
TABLE = "embeddings.word_embeddings.weight"


def weights(folder: Path, change, file: str = MODEL) -> None:
    """Write a model's weights anew, changed in place."""
    tensors = load_file(folder / file)
    change(tensors)
    save_file(tensors, folder / file)


def merge(folder: Path, file: str, **values) -> None:
    """Write a dictionary in JSON anew, with other values."""
    there = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**there, **values}))


def module(folder: Path, number: int, **values) -> None:
    """Write a module of modules.json anew, with other values."""
    there = json.loads((folder / MODULES).read_text())
    there[number] = {**there[number], **values}
    (folder / MODULES).write_text(json.dumps(there))


def modules(folder: Path, *numbers: int) -> None:
    """Write modules.json anew with some of its modules, in this order."""
    there = json.loads((folder / MODULES).read_text())
    (folder / MODULES).write_text(json.dumps([there[number] for number in numbers]))


def filled(name: str, value: float):
    """What puts a value into one place of a tensor."""

    def change(tensors: dict) -> None:
        tensors[name].view(-1)[-1] = value

    return change


def without(*names: str):
    """What takes tensors out whose names hold one of these words."""

    def change(tensors: dict) -> None:
        for key in [key for key in tensors if any(name in key for name in names)]:
            del tensors[key]

    return change


def as_other_file(folder: Path, name: str, file: str = MODEL) -> None:
    """Weights under a name that stands for a format that is not read."""
    (folder / file).rename((folder / file).with_name(name))


def without_vocabulary(folder: Path) -> None:
    """A tokenizer that knows its special tokens alone."""
    there = json.loads((folder / "tokenizer.json").read_text())
    special = {token["content"] for token in there["added_tokens"]}
    vocabulary = there["model"]["vocab"]
    there["model"]["vocab"] = {piece: number for piece, number in vocabulary.items() if piece in special}
    (folder / "tokenizer.json").write_text(json.dumps(there))


def half_a_vocabulary(folder: Path) -> None:
    """A table of many more rows than the tokenizer has pieces."""
    rows = load_file(folder / MODEL)[TABLE]
    weights(folder, lambda tensors: tensors.update({TABLE: rows.repeat(100, 1)}))
    merge(folder, CONFIG, vocab_size=100 * len(rows))


def of_another_model(folder: Path) -> None:
    """A table of fewer rows than the tokenizer has pieces."""
    weights(folder, lambda tensors: tensors.update({TABLE: tensors[TABLE][:20].clone()}))
    merge(folder, CONFIG, vocab_size=20)


def without_padding(folder: Path) -> None:
    there = json.loads((folder / "tokenizer_config.json").read_text())
    there = {key: value for key, value in there.items() if key != "pad_token"}
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**there, "tokenizer_class": "PreTrainedTokenizerFast"})
    )


def deleted(folder: Path, *files: str) -> None:
    for pattern in files:
        for path in folder.glob(pattern):
            path.unlink()


def indexed(folder: Path, index: object) -> None:
    """Weights in a file beside an index, which says anything of them."""
    (folder / MODEL).rename(folder / "there.safetensors")
    (folder / f"{MODEL}.index.json").write_text(json.dumps(index))


def mapped(file: object) -> dict:
    """An index of weights in a file that is as it should be, and in another."""
    return {"metadata": {}, "weight_map": {LAYER: "there.safetensors", TABLE: file}}


def cast(tensors: dict, kind: torch.dtype) -> None:
    """Weights as numbers of another kind."""
    tensors.update({name: tensor.to(kind) for name, tensor in tensors.items()})


def dense(folder: Path, **changed: torch.Tensor) -> None:
    """A dense layer with other weights."""
    named = {f"linear.{name}": tensor for name, tensor in changed.items()}
    weights(folder, lambda tensors: tensors.update(named), "2_Dense/model.safetensors")


def without_template(folder: Path) -> None:
    """A tokenizer that puts no special tokens around sentences."""
    there = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps({**there, "post_processor": None}))
    merge(folder, "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")


CASES = {  # name: (the model, what is done to its folder, what the error must say)
    "no config": ("bert", lambda f: deleted(f, CONFIG), "config.json is missing"),
    "config is no JSON": (
        "bert",
        lambda f: (f / CONFIG).write_text("{"),
        "config.json cannot be read as JSON",
    ),
    "config is a list": ("bert", lambda f: (f / CONFIG).write_text("[1]"), "config.json holds list"),
    "config is null": ("bert", lambda f: (f / CONFIG).write_text("null"), "config.json holds NoneType"),
    "config is empty": ("bert", lambda f: (f / CONFIG).write_text(""), "config.json cannot be read as JSON"),
    "config is Latin-1": (
        "bert",
        lambda f: (f / CONFIG).write_bytes(b'{"a": "\xe4"}'),
        "config.json cannot be read",
    ),
    "config nests deeply": (
        "bert",
        lambda f: (f / CONFIG).write_text("[" * 99_999),
        "config.json cannot be read",
    ),
    "config of no model": (
        "bert",
        lambda f: merge(f, CONFIG, model_type="nothing"),
        "cannot be loaded .*nothing",
    ),
    "config without a model": ("bert", lambda f: (f / CONFIG).write_text("{}"), "cannot be loaded"),
    "hidden size is text": ("bert", lambda f: merge(f, CONFIG, hidden_size="32"), "cannot be loaded"),
    "heads do not divide": ("bert", lambda f: merge(f, CONFIG, num_attention_heads=5), "cannot be loaded"),
    "another width": ("bert", lambda f: merge(f, CONFIG, hidden_size=64), "shape .* config.json says"),
    "another vocabulary": (
        "bert",
        lambda f: merge(f, CONFIG, vocab_size=7),
        "word_embeddings.*config.json says",
    ),
    "a decoder": ("bert", lambda f: merge(f, CONFIG, is_encoder_decoder=True), "wanted an encoder alone"),
    "code in the config": (
        "bert",
        lambda f: merge(f, CONFIG, auto_map={"AutoModel": "own.Model"}),
        "config.json names files of the model's own .auto_map.: code of models is never run",
    ),
    "code deep in the config": (
        "bert",
        lambda f: merge(f, CONFIG, text_config=[{"auto_map": {"AutoConfig": "own.Config"}}]),
        "auto_map.: code of models is never run",
    ),
    "code in the tokenizer": (
        "xlm-r",
        lambda f: merge(f, "tokenizer_config.json", auto_map={"AutoTokenizer": ["own.Tokenizer", None]}),
        "tokenizer_config.json names files of the model's own",
    ),
    "another file of weights": (
        "bert",
        lambda f: merge(f, CONFIG, transformers_weights="other.bin"),
        "transformers_weights",
    ),
    "an adapter": (
        "bert",
        lambda f: (f / "adapter_config.json").write_text("{}"),
        "adapter of another model",
    ),
    "no weights": ("bert", lambda f: deleted(f, MODEL), "model.safetensors is missing"),
    "weights as .bin": (
        "bert",
        lambda f: as_other_file(f, "pytorch_model.bin"),
        "pytorch_model.bin.*convert it once",
    ),
    "weights of TensorFlow": ("bert", lambda f: as_other_file(f, "tf_model.h5"), "tf_model.h5.*not in"),
    "weights as .pt": ("labse", lambda f: as_other_file(f, "model.pt"), "model.pt.*SentenceTransformer"),
    "weights are empty": (
        "bert",
        lambda f: (f / MODEL).write_bytes(b""),
        "cannot be loaded .SafetensorError",
    ),
    "weights are cut short": (
        "bert",
        lambda f: (f / MODEL).write_bytes((f / MODEL).read_bytes()[:3000]),
        "cannot be loaded .SafetensorError",
    ),
    "weights are text": (
        "xlm-r",
        lambda f: (f / MODEL).write_text("version https://git-lfs.github.com/spec/v1\n"),
        "model.safetensors is a Git LFS pointer, not the file: git lfs pull",
    ),
    "weights are a folder": ("bert", lambda f: (deleted(f, MODEL), (f / MODEL).mkdir()), "is missing"),
    "a layer lacks a weight": ("bert", lambda f: weights(f, without(LAYER)), f"lacks weights of {LAYER}"),
    "half of the layers": (
        "bert",
        lambda f: weights(f, without("layer.1.")),
        r"lacks weights of .*16 in all.*2 layers",
    ),
    "half of XLM-R": ("xlm-r", lambda f: weights(f, without("layer.0.")), "lacks weights of encoder.layer.0"),
    "no table": ("bert", lambda f: weights(f, without("word_embeddings")), f"lacks weights of {TABLE}"),
    "no weight at all": ("bert", lambda f: weights(f, without("")), "lacks weights of|cannot be loaded"),
    "more layers than said": (
        "bert",
        lambda f: merge(f, CONFIG, num_hidden_layers=1),
        "no place for: .*layer.1",
    ),
    "more layers of XLM": ("xlm", lambda f: merge(f, CONFIG, n_layers=1), "no place for: attentions.1"),
    "fewer layers than said": (
        "xlm-r",
        lambda f: merge(f, CONFIG, num_hidden_layers=3),
        "lacks weights of .*layer.2",
    ),
    "weights that belong nowhere": (
        "bert",
        lambda f: weights(f, lambda t: t.update({"encoder.layer.0.lora_A": torch.zeros(2)})),
        "no place for: encoder.layer.0.lora_A",
    ),
    "a weight of another shape": (
        "bert",
        lambda f: weights(f, lambda t: t.update({LAYER: torch.zeros(3, 3)})),
        f"weights of {LAYER} have the shape .3, 3., config.json says .32, 64.",
    ),
    "a weight is NaN": (
        "bert",
        lambda f: weights(f, filled(LAYER, float("nan"))),
        f"{LAYER} are NaN or infinite",
    ),
    "a row is infinite": (
        "bert",
        lambda f: weights(f, filled(TABLE, float("inf"))),
        f"{TABLE} are NaN or infinite",
    ),
    "a bias is minus infinity": (
        "xlm-r",
        lambda f: weights(f, filled("encoder.layer.0.output.dense.bias", -float("inf"))),
        "encoder.layer.0.output.dense.bias are NaN",
    ),
    "no tokenizer files": ("bert", lambda f: deleted(f, "token*"), "no tokenizer files"),
    "no tokenizer files of XLM": (
        "xlm",
        lambda f: deleted(f, "token*", "vocab*", "merges*"),
        "no tokenizer files",
    ),
    "the tokenizer is no JSON": (
        "bert",
        lambda f: (f / "tokenizer.json").write_text("{"),
        "cannot be loaded",
    ),
    "no vocabulary": ("bert", without_vocabulary, "tokenizer has no vocabulary"),
    "half a vocabulary": ("bert", half_a_vocabulary, "tokenizer has .* pieces for .* rows"),
    "tokenizer of another model": ("bert", of_another_model, "tokenizer has a piece .* 20 rows"),
    "no padding": ("bert", without_padding, "no padding token"),
    "modules are no list": ("labse", lambda f: (f / MODULES).write_text("{}"), "unknown module in"),
    "modules are empty": ("labse", lambda f: (f / MODULES).write_text("[]"), "unknown module in"),
    "modules are words": (
        "labse",
        lambda f: (f / MODULES).write_text('["Pooling"]'),
        "is no module with type and",
    ),
    "a module without a type": (
        "labse",
        lambda f: module(f, 1, type=None),
        "is no module with type and path",
    ),
    "a module of one's own": (
        "labse",
        lambda f: module(f, 1, type="own.Pooling"),
        "Python of the model's own",
    ),
    "a module of another package": (
        "labse",
        lambda f: module(f, 0, type="os.path.join"),
        "code of models is never",
    ),
    "a module outside": ("labse", lambda f: module(f, 1, path="../1_Pooling"), "leads out of the folder"),
    "a module at the root": ("labse", lambda f: module(f, 2, path="/etc"), "leads out of the folder"),
    "an unknown module": (
        "labse",
        lambda f: module(f, 2, type="sentence_transformers.models.LSTM"),
        "unknown module",
    ),
    "no pooling": ("labse", lambda f: modules(f, 0, 2, 3), "unknown module in"),
    "normalised before the layer": ("labse", lambda f: modules(f, 0, 1, 3, 2), "in this order"),
    "two dense layers": ("labse", lambda f: modules(f, 0, 1, 2, 2), "unknown module in"),
    "modules.json was left behind": (
        "labse",
        lambda f: deleted(f, MODULES),
        "1_Pooling, 2_Dense, 3_Normalize without",
    ),
    "pooling without its settings": (
        "labse",
        lambda f: deleted(f, POOLING),
        "1_Pooling/config.json is missing",
    ),
    "pooling by the last token": (
        "labse",
        lambda f: merge(f, POOLING, pooling_mode="lasttoken"),
        "by cls or mean",
    ),
    "pooling by two": (
        "labse",
        lambda f: merge(f, POOLING, pooling_mode=["cls", "mean"]),
        "by cls and mean: known",
    ),
    "pooling by a number": ("labse", lambda f: merge(f, POOLING, pooling_mode=3), "pooling by 3: known"),
    "a dense layer of one's own": (
        "labse",
        lambda f: merge(f, DENSE, activation_function="own.Act"),
        "activation_function 'own.Act'",
    ),
    "a dense layer with a shortcut": (
        "labse",
        lambda f: merge(f, DENSE, use_residual=True),
        "use_residual True",
    ),
    "a dense layer of tokens": (
        "labse",
        lambda f: merge(f, DENSE, module_input_name="token_embeddings"),
        "module_input_name 'token_embeddings'",
    ),
    "the dense layer has no weights": (
        "labse",
        lambda f: deleted(f, "2_Dense/*.safetensors"),
        "2_Dense/model.saf",
    ),
    "the dense layer as .bin": (
        "labse",
        lambda f: as_other_file(f, "pytorch_model.bin", "2_Dense/model.safetensors"),
        "2_Dense/pytorch_model.bin.*convert",
    ),
    "the dense layer lacks a bias": (
        "labse",
        lambda f: weights(f, without("bias"), "2_Dense/model.safetensors"),
        r"dense layer with weights \['linear.weight'\]",
    ),
    "the dense layer is cut short": (
        "labse",
        lambda f: (f / "2_Dense/model.safetensors").write_bytes(b"\x01\x00\x00"),
        "model.safetensors is missing or damaged",
    ),
    "the dense layer is NaN": (
        "labse",
        lambda f: weights(f, filled("linear.bias", float("nan")), "2_Dense/model.safetensors"),
        "NaN or infinite",
    ),
    "the dense layer of another width": (
        "labse",
        lambda f: weights(
            f, lambda t: t.update({"linear.weight": torch.ones(32, 16)}), "2_Dense/model.safetensors"
        ),
        "takes vectors of 16, its states have 32",
    ),
    "the transformer of a chain lacks a weight": (
        "labse",
        lambda f: weights(f, without(LAYER)),
        f"lacks weights of {LAYER}",
    ),
    "the transformer of a chain lacks its tokenizer": (
        "labse",
        lambda f: deleted(f, "token*"),
        "no tokenizer files",
    ),
    "saved here, of unknown pooling": (
        "bert",
        lambda f: (f / "xltlib_encoder.json").write_text('{"pooling": "max", "dense": false}'),
        "wanted pooling .mean or cls.",
    ),
    "saved here, its dense layer is gone": (
        "bert",
        lambda f: (f / "xltlib_encoder.json").write_text('{"pooling": "cls", "dense": true}'),
        "dense.safetensors is missing",
    ),
    "saved here, with a norm of 0": (
        "bert",
        lambda f: (f / "xltlib_encoder.json").write_text(
            '{"pooling": "cls", "dense": false, "whole_norm": 0.0}'
        ),
        "whole_norm = 0.0, wanted a number above 0",
    ),
    **{
        f"an index that {words}": ("bert", partial(indexed, index=index), words)
        for index, words in (
            ([], "index.json holds list"),
            ({"metadata": {}}, "wanted a weight_map"),
            ({"weight_map": {"a": "x.safetensors"}}, "and metadata"),
            (mapped("x.bin"), "names 'x.bin', wanted a file .*beside it"),
            (mapped("../out.safetensors"), "names '../out.safetensors', wanted"),
            (mapped("/out.safetensors"), "names '/out.safetensors', wanted"),
            (mapped(7), "names 7, wanted"),
            (mapped("x.safetensors"), "model/x.safetensors is missing: .*index.json names it"),
        )
    },
    "a layer of one number": (
        "xlm-r",
        lambda f: weights(f, lambda t: t[LAYER].fill_(0.5)),
        f"{LAYER} are all 0.5",
    ),
    "no weight but 0": (
        "xlm",
        lambda f: weights(f, lambda t: [of.zero_() for of in t.values()]),
        "are all 0:",
    ),
    "all pieces are the same": (
        "bert",
        lambda f: weights(f, lambda t: t[TABLE].copy_(t[TABLE][:1].clone())),
        "all rows of its table",
    ),
    **{
        f"weights in {kind}": (
            "bert",
            partial(weights, change=partial(cast, kind=kind)),
            f"are {short}, wanted F64",
        )
        for kind, short in ((torch.int8, "I8"), (torch.int64, "I64"), (torch.complex64, "C64"))
    },
    **{
        f"a dense layer with {words}": ("labse", partial(dense, **changed), words)
        for changed, words in (
            ({"weight": torch.zeros(32, 32)}, "0.weight are all 0:"),
            ({"weight": torch.zeros(0, 32), "bias": torch.zeros(0)}, "a weight of .0, 32."),
            ({"weight": torch.ones(32)}, "a weight of .32,., wanted"),
            ({"bias": torch.ones(5)}, "bias of shape .5,."),
            ({"bias": torch.ones(32, dtype=torch.int64)}, "weights of torch.int64, wanted real"),
        )
    },
    "no template of pairs": ("bert", without_template, "no special piece between the sentences"),
    "no template of pairs in XLM-R": ("xlm-r", without_template, "no special piece between the sentences"),
    "attention to what stands before": (
        "bert",
        lambda f: merge(f, CONFIG, is_decoder=True),
        "is_decoder = True: attention must see the whole",
    ),
    "attention of XLM to what stands before": (
        "xlm",
        lambda f: merge(f, CONFIG, causal=True),
        "causal = True: attention must",
    ),
    "dropout is NaN": (
        "bert",
        lambda f: merge(f, CONFIG, hidden_dropout_prob=float("nan")),
        "hidden_dropout_prob = nan, wanted a number",
    ),
    "saved here, of unknown recipe": (
        "bert",
        lambda f: (f / "xltlib_encoder.json").write_text(
            '{"pooling": "cls", "dense": false, "recipe": "bogus"}'
        ),
        "xltlib_encoder.json: recipe = 'bogus': known are '', 'labse'",
    ),
    "norms are cut short": (
        "bert",
        lambda f: (f / "norms.safetensors").write_bytes(b"\x01"),
        "norms.safetensors is missing or damaged",
    ),
    "norms of another name": (
        "bert",
        lambda f: save_file({"norm": torch.ones(3)}, f / "norms.safetensors"),
        "it holds no norms above 0",
    ),
    **{
        f"{file} begins with a BOM": (
            "bert",
            lambda f, file=file: (f / file).write_bytes(b"\xef\xbb\xbf" + (f / file).read_bytes()),
            f"{file} begins with a byte order mark",
        )
        for file in (CONFIG, "tokenizer.json", "tokenizer_config.json")
    },
    "the tokenizer was never fetched": (
        "xlm-r",
        lambda f: (f / "tokenizer.json").write_text("version https://git-lfs.github.com/spec/v1\n"),
        "tokenizer.json is a Git LFS pointer",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_model_is_refused_by_name(tiny, tmp_path, name):
    base, damage, words = CASES[name]
    folder = tmp_path / "model"
    shutil.copytree(tiny[base], folder)
    damage(folder)
    with pytest.raises(ValueError, match=words) as caught:
        encoders.load(str(folder))
    said = str(caught.value)
    assert said.startswith(f"encoder {str(folder)!r}: ") and "\n" not in said


@pytest.mark.parametrize("base", ["bert", "xlm-r", "xlm", "labse"])
def test_a_whole_copy_is_taken(tiny, tmp_path, base):
    shutil.copytree(tiny[base], tmp_path / "model")
    assert encoders.load(str(tmp_path / "model")).hidden == 32


@pytest.mark.parametrize("place", ["~", "/"])
def test_a_folder_without_a_model_is_refused_before_it_is_listed(monkeypatch, tmp_path, place):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(Path, "rglob", None)
    with pytest.raises(ValueError, match=f"encoder '{place}': config.json is missing"):
        encoders.load(place)


def test_weights_in_several_files_are_taken(tiny, tmp_path):
    shutil.copytree(tiny["bert"], tmp_path / "model")
    there = load_file(tmp_path / "model" / MODEL)
    indexed(tmp_path / "model", {"metadata": {}, "weight_map": dict.fromkeys(there, "there.safetensors")})
    one, two = (encoders.load(str(folder)) for folder in (tiny["bert"], tmp_path / "model"))
    state = two.model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in one.model.state_dict().items())


CODE = "from pathlib import Path\nPath({!r}).write_text('run')\nclass Model: pass\nclass Pooling: pass\n"


@pytest.mark.parametrize("place", ["config", "tokenizer", "modules", "activation", "import path"])
def test_code_that_a_model_brings_is_never_run(tiny, tmp_path, monkeypatch, place):
    folder, marker = tmp_path / "model", tmp_path / "marker"
    shutil.copytree(tiny["labse"], folder)
    (folder / "own.py").write_text(CODE.format(str(marker)))
    (tmp_path / "importable.py").write_text(CODE.format(str(marker)))
    monkeypatch.syspath_prepend(str(tmp_path))
    named = {"AutoModel": "own.Model", "AutoConfig": "own.Model", "AutoTokenizer": "own.Model"}
    if place == "config":
        merge(folder, CONFIG, auto_map=named)
    elif place == "tokenizer":
        merge(folder, "tokenizer_config.json", auto_map=named)
    elif place == "modules":
        module(folder, 1, type="own.Pooling")
    elif place == "activation":
        merge(folder, DENSE, activation_function="importable.Model")
    else:
        module(folder, 1, type="importable.Pooling")
    with pytest.raises(ValueError, match="code of models is never run|activation_function"):
        encoders.load(str(folder))
    assert not marker.exists()


def test_code_that_nothing_names_does_not_matter(tiny, tmp_path):
    shutil.copytree(tiny["bert"], tmp_path / "model")
    (tmp_path / "model/handler.py").write_text(CODE.format(str(tmp_path / "marker")))
    encoders.load(str(tmp_path / "model"))
    assert not (tmp_path / "marker").exists()


def test_heads_above_an_encoder_and_a_missing_pooler_do_not_matter(tiny, tmp_path, words):
    shutil.copytree(tiny["bert"], tmp_path / "model")

    def as_pretrained(tensors: dict) -> None:
        body = {f"bert.{key}": of for key, of in tensors.items() if "pooler" not in key}
        tensors.clear()
        tensors.update(
            body | {"cls.predictions.bias": torch.zeros(3), "bert.embeddings.position_ids": torch.zeros(140)}
        )

    weights(tmp_path / "model", as_pretrained)
    one, two = (encoders.load(str(folder)) for folder in (tiny["bert"], tmp_path / "model"))
    vectors = [heads.build("bi", encoder).eval().embed(words[:3]) for encoder in (one, two)]
    assert torch.equal(*vectors)


def test_text_that_a_tokenizer_does_not_know_is_refused(tiny, tmp_path, words):
    from xltlib.shared import Shared

    runes = [f"ᚠᚢ ᚦᚨᚱ ᚲ ᚷᚹᚺᚾ ᛁᛃᛇ {rune}" for rune in "ᛈᛉᛊᛏᛒ"]
    for base in ("bert", "xlm-r"):
        with pytest.raises(ValueError, match="100% of the pieces of this text are unknown"):
            encoders.load_trimmed(str(tiny[base]), runes, Shared(tmp_path))
    assert not list((tmp_path / "shared").glob("*"))
    whole = encoders.load(str(tiny["xlm"]))  # not trimmed, but looked at likewise
    whole.pieces.learn(words[:20])
    whole.refuse_unknown()
    whole.pieces.learn(runes * 50)
    whole.pieces.known |= {
        f"{number} {rune}": [whole.tokenizer.unk_token_id] * 9 for number in range(99) for rune in runes
    }
    with pytest.raises(ValueError, match="are unknown to its tokenizer"):
        whole.refuse_unknown()


def test_half_of_the_pieces_may_be_unknown_and_few_say_nothing(tiny):
    tokenizer = encoders.load(str(tiny["bert"])).tokenizer
    unknown = tokenizer.unk_token_id
    half = np.array([unknown] * 10 + [unknown + 1] * 10)
    refuse_unknown("mine", half, tokenizer)
    refuse_unknown("mine", np.array([unknown] * 19), tokenizer)
    with pytest.raises(ValueError, match="encoder 'mine': 52% of the pieces"):
        refuse_unknown("mine", np.append(half, unknown), tokenizer)


def test_rows_that_a_run_reads_must_be_finite_and_others_may_be_as_they_are(tiny, tmp_path, words):
    from xltlib.shared import Shared

    folder = tmp_path / "model"
    shutil.copytree(tiny["bert"], folder)
    kept = encoders.trim(encoders.load(str(folder)), words[:3]).kept
    trimmed = encoders.load_trimmed(str(folder), words[:3], Shared(tmp_path))
    assert len(trimmed.kept) == len(kept)
    entry = next((tmp_path / "shared").glob("vocabulary-*")).read_bytes()

    def broken(tensors: dict) -> None:
        tensors[TABLE][int(kept[-1])] = float("nan")

    weights(folder, broken)
    with pytest.raises(ValueError, match="NaN or infinite"):
        encoders.load_trimmed(str(folder), words[:3], Shared(tmp_path))
    assert entry  # the vocabulary of the sound model was written, that of the broken one is not
    assert len(list((tmp_path / "shared").glob("vocabulary-*"))) == 1
