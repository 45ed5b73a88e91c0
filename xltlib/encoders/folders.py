"""What a model's folder must hold, judged by its small files before anything is loaded from it.

Code that a model brings along is never run, and weights are read from safetensors alone.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
OTHER_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack", "*.onnx", "*.gguf", "*.npz")
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
SETTINGS = ("config.json", "tokenizer_config.json", "special_tokens_map.json")
BOM, POINTER = b"\xef\xbb\xbf", b"version https://git-lfs"  # what a file must not begin with
CODE = ("auto_map", "transformers_weights")  # names of a model's own modules, and of a file to read instead
KINDS = ("Transformer", "Pooling", "Dense", "Normalize")  # of sentence-transformers' modules, in this order
TANH = "torch.nn.modules.activation.Tanh"


class Refused(ValueError):
    """What is wrong with a model's folder; loading.py puts the encoder's name before it."""


@dataclass(frozen=True)
class Chain:
    """The parts of an encoder as they lie in its folder.

    Attributes:
        transformer: folder of the transformer and its tokenizer.
        pooling: ``"mean"`` or ``"cls"``.
        dense: folder of the dense layer behind the pooling; None: there is none.
        lower_case: whether text is put in lower case before it is cut.
    """

    transformer: Path
    pooling: str = "mean"
    dense: Path | None = None
    lower_case: bool = False


def read_json(path: Path) -> object:
    """What a JSON file holds.

    Raises:
        Refused: it is not there, or cannot be read; names it.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise Refused(f"{_short(path)} is missing") from error
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(f"{_short(path)} cannot be read as JSON ({error})") from error


def read_dictionary(path: Path) -> dict:
    """The same of a file that must hold a dictionary."""
    found = read_json(path)
    if not isinstance(found, dict):
        raise Refused(f"{_short(path)} holds {type(found).__name__}, wanted a dictionary")
    return found


def _short(path: Path) -> str:
    """A file with the folder that it lies in."""
    return "/".join(path.parts[-2:])


def chain_of(folder: Path) -> Chain:
    """The parts of an encoder: a plain transformer, pooled by the mean, or what ``modules.json`` says.

    Raises:
        Refused: the folder has modules that this project does not know, or forms of them that it would get
            wrong.
    """
    if not (folder / "modules.json").is_file():
        left = sorted(path.parent.name for path in folder.glob("[0-9]_*/config.json"))
        if left:
            raise Refused(f"{', '.join(left)} without modules.json, which says what it is for")
        return Chain(folder)
    listed = read_json(folder / "modules.json")
    parts = [_module(folder, entry) for entry in (listed if isinstance(listed, list) else [])]
    kinds = [kind for kind, _ in parts]
    known = f"known are {', '.join(KINDS)} in this order, the last two optional"
    ends = ([], ["Dense"], ["Normalize"], ["Dense", "Normalize"])
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ends:
        raise Refused(f"unknown module in {kinds} of modules.json; {known}")
    places = dict(parts)
    dense = places.get("Dense")
    if dense is not None:
        _refuse_dense(read_dictionary(dense / "config.json"))
    pooling = _pooling(read_dictionary(places["Pooling"] / "config.json"))
    return Chain(places["Transformer"], pooling, dense, _lower_case(places["Transformer"]))


def _module(folder: Path, entry: object) -> tuple[str, Path]:
    """Kind and folder of a module that ``modules.json`` lists; only sentence-transformers' own are known."""
    if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("type", "path")):
        raise Refused(f"modules.json: {entry!r} is no module with type and path")
    package, *_, kind = entry["type"].split(".")
    if package != "sentence_transformers":
        advice = "code of models is never run; take a model without"
        raise Refused(f"modules.json names Python of the model's own, {entry['type']}: {advice}")
    path = PurePosixPath(entry["path"])
    if path.is_absolute() or ".." in path.parts:
        raise Refused(f"modules.json: path {entry['path']!r} leads out of the folder")
    return kind, folder / path


def _pooling(config: dict) -> str:
    """How tokens are pooled; of the older form of the file, too, which has a switch for each kind."""
    switches = [key.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
                for key, is_on in config.items() if key.startswith("pooling_mode_") and is_on]  # fmt: skip
    mode = config.get("pooling_mode", switches or "mean")
    modes = mode if isinstance(mode, list) else [mode]
    if modes not in (["mean"], ["cls"]):
        raise Refused(f"pooling by {' and '.join(map(str, modes))}: known are pooling by cls or mean")
    return modes[0]


def _refuse_dense(config: dict) -> None:
    """Refuse a dense layer that is not ``tanh(Wx + b)`` of the pooled vector."""
    other = {
        "bias": config.get("bias", True) is not True,
        "activation_function": config.get("activation_function", TANH) not in (TANH, "torch.nn.Tanh"),
        "use_residual": bool(config.get("use_residual")),
        "module_input_name": config.get("module_input_name", "sentence_embedding") != "sentence_embedding",
    }
    unknown = [f"{key} {config[key]!r}" for key, odd in other.items() if odd]
    if unknown:
        raise Refused(
            f"dense layer with {', '.join(unknown)}: known are pooling by cls or mean and at most one dense "
            "layer with bias and tanh"
        )


def _lower_case(folder: Path) -> bool:
    """Whether sentence-transformers' own settings of a transformer put text in lower case."""
    path = folder / "sentence_bert_config.json"
    return bool(path.is_file() and read_dictionary(path).get("do_lower_case"))


def check_transformer(folder: Path, files: set[str], converter: str) -> dict:
    """Refuse a transformer's folder that lacks a part, or brings code along; else its ``config.json``.

    Args:
        folder: of the transformer.
        files: names of all files of the encoder, to say what there is in place of what is missing.
        converter: a command that writes the encoder as safetensors.
    Raises:
        Refused: what it is, and what to do.
    """
    if (folder / "adapter_config.json").is_file():
        raise Refused("adapter_config.json: an adapter of another model; merge the two, and save them as one")
    for path in sorted(path for kind in (*SETTINGS, *VOCABULARIES) for path in folder.glob(kind)):
        _refuse_beginning(path)
    config = read_dictionary(folder / "config.json")
    for path in (folder / "config.json", folder / "tokenizer_config.json"):
        if path.is_file() and (key := _code_in(read_dictionary(path))):
            advice = "code of models is never run; take one that transformers knows without"
            raise Refused(f"{path.name} names files of the model's own ({key}): {advice}")
    if config.get("is_encoder_decoder"):
        raise Refused(f"{config.get('model_type')} is an encoder with a decoder: wanted an encoder alone")
    for key, value in config.items():
        if key in ("is_decoder", "causal") and value:
            raise Refused(f"config.json: {key} = {value!r}: attention must see the whole sentence")
        if isinstance(value, float) and not math.isfinite(value):
            raise Refused(f"config.json: {key} = {value}, wanted a number")
    check_weights(folder, files, converter)
    if not any(path.is_file() for pattern in VOCABULARIES for path in folder.glob(pattern)):
        raise Refused(f"no tokenizer files ({', '.join(VOCABULARIES)}): copy those that the model came with")
    return config


def check_weights(folder: Path, files: set[str], converter: str) -> None:
    """Refuse a folder without weights in safetensors, all of them in the folder itself.

    Args:
        folder, files, converter: as of :func:`check_transformer`.
    """
    if any((folder / name).is_file() for name in WEIGHTS):
        for path in weight_files(folder):
            _refuse_beginning(path)
        return
    found = sorted(
        file for file in files if any(fnmatch(PurePosixPath(file).name, kind) for kind in OTHER_WEIGHTS)
    )
    if not found:
        raise Refused(f"{_short(folder / WEIGHTS[0])} is missing: it holds the weights")
    raise Refused(
        f"its weights are in {', '.join(found[:3])}, not in {_short(folder / WEIGHTS[0])}. Such a file can "
        f"hold code, and is not read here. Where you trust it, convert it once: {converter}"
    )


def weight_files(folder: Path) -> list[Path]:
    """The files that a folder's weights are in: one, or those that an index names.

    Raises:
        Refused: the index is none, or names what does not lie beside it in safetensors.
    """
    whole, index = (folder / name for name in WEIGHTS)
    if whole.is_file():
        return [whole]
    found = read_dictionary(index)
    weight_map = found.get("weight_map")
    if not (isinstance(weight_map, dict) and weight_map and isinstance(found.get("metadata"), dict)):
        raise Refused(f"{_short(index)}: wanted a weight_map (weight: its file) and metadata")
    for name in weight_map.values():
        plain = isinstance(name, str) and name.endswith(".safetensors") and not {"/", "\\"} & set(name)
        if not plain:
            raise Refused(f"{_short(index)} names {name!r}, wanted a file *.safetensors beside it")
        if not (folder / name).is_file():
            raise Refused(f"{_short(folder / name)} is missing: {index.name} names it")
    return [folder / name for name in sorted(set(weight_map.values()))]


def _refuse_beginning(path: Path) -> None:
    """Refuse a file that was never fetched, or that other libraries cannot read for its first bytes."""
    with path.open("rb") as file:
        beginning = file.read(len(POINTER))
    if beginning == POINTER:
        raise Refused(f"{_short(path)} is a Git LFS pointer, not the file: git lfs pull")
    if beginning.startswith(BOM) and path.suffix == ".json":
        raise Refused(f"{_short(path)} begins with a byte order mark (BOM): save it as UTF-8 without")


def converter(name: str, revision: str | None = None) -> str:
    """A command that writes a model, of the hub at a revision, as safetensors, and what to do then."""
    argument = f", revision={revision!r}" if revision else ""
    save = f"SentenceTransformer({name!r}{argument}, device='cpu').save_pretrained('converted')"
    return f'python -c "from sentence_transformers import SentenceTransformer; {save}", and name ./converted'


def _code_in(value: object) -> str:
    """The name under which a configuration, or a part of it, names code or files of its own; "" without."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            for key in CODE:
                if part.get(key):
                    return key
            left += part.values()
        elif isinstance(part, list):
            left += part
    return ""
