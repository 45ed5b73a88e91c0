"""The training loop: AdamW, linear schedule, clipping, mixed precision by accelerate. It knows no task."""

from __future__ import annotations

import os
import random
from typing import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from xltlib.noise import plain


def set_seed(seed: int) -> None:
    """Seed every generator, before a model is built. Seeds start at 1: some libraries read 0 as "no seed".

    Raises:
        ValueError: the seed is below 1.
    """
    if seed < 1:
        raise ValueError(f"seed={seed}: seeds start at 1")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else matrix products on a GPU may differ between runs
    torch.use_deterministic_algorithms(True, warn_only=True)


def mixed_precision() -> str:
    """``"bf16"`` where the hardware multiplies bf16 natively (GPU, AMX, AVX512-BF16), else ``"no"``.

    Without it bf16 is emulated: 8 times slower than fp32 on an AVX2 machine.
    """
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no"
    native = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return "bf16" if any(getattr(torch.cpu, name, bool)() for name in native) else "no"


def train(
    model: nn.Module,
    batches: Iterator,
    loss: Callable[[object], Tensor],
    steps: int,
    learning_rate: float = 1e-4,
    head_learning_rate: float | None = None,
    weight_decay: float = 0.0,
    warmup: float = 0.1,
    clip: float = 1.0,
    precision: str = "auto",
    checkpoints: int = 0,
    at_checkpoint: Callable[[int], bool | None] | None = None,
    progress: bool = True,
    noise: Callable | None = None,
) -> list[float]:
    """Train for a number of updates.

    Args:
        model: parameters that take no gradient are left alone; those of ``model.classifier`` and
            ``model.discriminator``, where there are such, and of LoRA get the head's learning rate.
        batches: anything; one is drawn for each update and given to ``loss``.
        loss: batch -> scalar; calls the model.
        steps: updates.
        learning_rate: peak; rises linearly over the first ``warmup`` share of steps, then falls linearly to 0.
        head_learning_rate: of ``model.classifier``; None: ten times the other (a head starts from nothing).
        clip: largest norm of the gradient.
        precision: ``"auto"``, ``"bf16"`` or ``"no"`` (fp32).
        checkpoints: how often ``at_checkpoint(step)`` is called, evenly spaced, the last time after the last step; if it returns True,
            training ends there (:class:`EarlyStop`).
        progress: show a tqdm bar.
        noise: takes a training step instead of the plain one (noise.py); None: no noise.
    Returns:
        The loss of each update.
    Raises:
        ValueError: nothing to train, or the loss is no number (says at which step).

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> data = iter(lambda: torch.ones(1, 1), None)
        >>> losses = train(model, data, lambda x: ((model(x) - 3) ** 2).mean(), 50, 0.5, precision="no", progress=False)
        >>> losses[-1] < losses[0]
        True
    """
    from accelerate import Accelerator
    from tqdm.auto import tqdm
    from transformers import get_linear_schedule_with_warmup

    accelerator = Accelerator(mixed_precision=mixed_precision() if precision == "auto" else precision)
    model.to(accelerator.device)
    fresh = ("classifier.", "discriminator.")  # and the updates of LoRA: what starts from nothing learns faster
    head = {id(p) for name, p in model.named_parameters() if name.startswith(fresh) or ".lora_" in name}
    trained = [p for p in model.parameters() if p.requires_grad]
    if not trained or steps < 1:
        raise ValueError(f"nothing to train: {len(trained)} trainable tensors, {steps} steps")
    rates = ((False, learning_rate), (True, head_learning_rate or 10 * learning_rate))
    groups = [{"params": [p for p in trained if (id(p) in head) == in_head], "lr": rate} for in_head, rate in rates]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=weight_decay, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, max(1, int(warmup * steps)), steps)
    optimizer = accelerator.prepare(optimizer)
    marks = {round(steps * (k + 1) / checkpoints) for k in range(checkpoints)}

    def forward(batch) -> Tensor:
        with accelerator.autocast():
            return loss(batch)

    model.train()
    losses = []
    bar = tqdm(range(1, steps + 1), desc="updates", disable=not progress or "TQDM_DISABLE" in os.environ, mininterval=5, leave=False)
    for step in bar:
        value = (noise or plain)(forward, next(batches), accelerator.backward)
        if not torch.isfinite(value):
            raise ValueError(f"the loss is {value.item()} at step {step}: lower learning_rate ({learning_rate})")
        accelerator.clip_grad_norm_(trained, clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(value.item())
        bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}", refresh=False)
        if step in marks and at_checkpoint is not None:
            if at_checkpoint(step):
                break
            model.train()
    return losses


class EarlyStop:
    """Stops a training when what is measured has not fallen for some checkpoints, and gives back the best weights.

    Args:
        model: being trained.
        measure: called at every checkpoint; the lower, the better.
        patience: checkpoints without a new lowest value before it stops; 0: never, the last weights stay.
    """

    def __init__(self, model: nn.Module, measure: Callable[[], float], patience: int):
        self.model, self.measure, self.patience = model, measure, patience
        self.values: list[tuple[int, float]] = []
        self.best: dict[str, Tensor] = {}

    def __call__(self, step: int) -> bool:
        value = self.measure()
        if self.patience and value < min((v for _, v in self.values), default=float("inf")):
            self.best = {name: p.detach().clone() for name, p in self.model.named_parameters() if p.requires_grad}
        self.values.append((step, value))
        return bool(self.patience) and len(self.values) - 1 - int(np.argmin([v for _, v in self.values])) >= self.patience

    def restore(self) -> int:
        """Put the best weights back; returns the step they are of."""
        self.model.load_state_dict(self.best, strict=False)
        return min(self.values, key=lambda of: of[1])[0] if self.best else self.values[-1][0]
