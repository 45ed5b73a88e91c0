"""The training loop: AdamW, linear schedule, clipping, mixed precision by accelerate. It knows no task."""

from __future__ import annotations

import math
import os
import random
import time
from typing import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from xltlib import devices, diverged, tracking
from xltlib import progress as progress_of
from xltlib.noise.base import plain

# What starts from nothing learns faster: head, discriminator, probe, and the updates of LoRA (".lora_").
FRESH = ("classifier.", "discriminator.", "probe.")
LOOK_EVERY = 50  # updates on a GPU between two looks at the loss


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
    # Else matrix products on a GPU may differ between runs.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Else every new tensor is filled before use, a seventh of a small update; none is read unwritten here.
    torch.utils.deterministic.fill_uninitialized_memory = False


def mixed_precision() -> str:
    """``"bf16"`` where the hardware multiplies bf16 natively (GPU, AMX, AVX512-BF16), else ``"no"``.

    Without it bf16 is emulated: 8 times slower than fp32 on an AVX2 machine.
    """
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        tests = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
        native = any(getattr(torch.cpu, name)() for name in tests if hasattr(torch.cpu, name))
    return "bf16" if native else "no"


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
    after_update: Callable[[int], None] | None = None,
    progress: bool = True,
    noise: Callable | None = None,
    look_every: int = 0,
) -> list[float]:
    """Train for a number of updates.

    Args:
        model: parameters that take no gradient are left alone; those of its :data:`FRESH` submodules and of
            LoRA get the head's learning rate.
        batches: anything; one is drawn for each update and given to ``loss``.
        loss: batch -> scalar; calls the model.
        steps: updates.
        learning_rate: peak; rises linearly over the ``warmup`` share of steps, then falls linearly to 0.
        head_learning_rate: of what starts from nothing (:data:`FRESH`, LoRA); None: ten times the other.
        weight_decay: of AdamW.
        warmup: share of the steps; 0: none, the first update has the peak. With some the first update has
            the rate 0, so that a single step trains nothing.
        clip: largest norm of the gradient.
        precision: ``"auto"``, ``"bf16"`` or ``"no"`` (fp32).
        checkpoints: calls of ``at_checkpoint(step)``, evenly spaced, the last after the last step.
        at_checkpoint: if it returns True, training ends there (:class:`EarlyStop`).
        after_update: called with the number of each update, after it.
        progress: show a tqdm bar.
        noise: takes a training step instead of the plain one (see xltlib.noise); None: no noise.
        look_every: updates between two looks at the loss, each of which waits for the device; 0: 1 on a CPU,
            50 on a GPU, which so works through the updates between without a pause.
    Returns:
        The loss of each update.
    Raises:
        ValueError: nothing to train, or the loss is NaN or infinite (says at which step).

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> data = iter(lambda: torch.ones(1, 1), None)
        >>> options = {"precision": "no", "progress": False}
        >>> losses = train(model, data, lambda x: ((model(x) - 3) ** 2).mean(), 50, 0.5, **options)
        >>> losses[-1] < losses[0]
        True
    """
    from accelerate import Accelerator

    accelerator = Accelerator(mixed_precision=mixed_precision() if precision == "auto" else precision)
    model.to(devices.chosen())
    trained = [p for p in model.parameters() if p.requires_grad]
    if not trained or steps < 1:
        raise ValueError(f"nothing to train: {len(trained)} trainable tensors, {steps} steps")
    groups = parameter_groups(model, learning_rate, head_learning_rate or 10 * learning_rate)
    optimizer, schedule = optimizer_and_schedule(groups, steps, weight_decay, warmup)
    optimizer = accelerator.prepare(optimizer)
    marks = {round(steps * (k + 1) / checkpoints) for k in range(checkpoints)}

    def forward(batch) -> Tensor:
        with accelerator.autocast():
            return loss(batch)

    model.train()
    status = progress_of.current()
    status.stage(progress_of.TRAINING, steps)
    every = look_every or (1 if devices.chosen().type == "cpu" else LOOK_EVERY)
    losses = Losses(every, learning_rate, model, optimizer.param_groups)
    bar = _bar(steps, progress)
    for step in bar:
        batch = next(batches)
        losses.add((noise or plain)(forward, batch, accelerator.backward))
        accelerator.clip_grad_norm_(trained, clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        recent = losses.recent()
        status.updated(step, steps, recent, _size(batch))
        bar.set_postfix({"loss": f"{recent:.3f}", "pairs/s": status.state.rate}, refresh=False)
        if after_update is not None:
            after_update(step)
        if step in marks and at_checkpoint is not None:
            losses.look()
            if at_checkpoint(step):
                break
            model.train()
    losses.look()
    tracking.current().finish()
    return losses.values


def _bar(steps: int, progress: bool):
    """The numbers of the updates, with a bar where one is wanted."""
    from tqdm.auto import tqdm

    hidden = not progress or "TQDM_DISABLE" in os.environ
    return tqdm(range(1, steps + 1), desc="updates", disable=hidden, mininterval=5, leave=False)


def _size(batch) -> int:
    """Pairs, trees or texts of a batch; 0 where it does not say."""
    if hasattr(batch, "first"):
        return len(batch.first)
    if hasattr(batch, "words"):
        return len(batch.words)
    part = batch[-1] if isinstance(batch, tuple) else batch
    return len(part["input_ids"]) if isinstance(part, dict) else 0


class Losses:
    """The loss of each update, looked at every so many updates.

    Args:
        look_every: updates.
        learning_rate: for the message.
        model: whose weights tell why a loss is NaN or infinite; None: they are not asked.
        groups: of the optimizer, with the learning rates that a tracker is told.
    Attributes:
        values: what was looked at so far.
    """

    def __init__(
        self, look_every: int, learning_rate: float, model: nn.Module | None = None, groups: list[dict] = ()
    ):
        self.look_every, self.learning_rate, self.model = look_every, learning_rate, model
        self.groups = groups
        self.values: list[float] = []
        self._unseen: list[Tensor] = []

    def add(self, value: Tensor) -> None:
        """The loss of one more update.

        Raises:
            ValueError: as :meth:`look`.
        """
        self._unseen.append(value)
        if len(self._unseen) >= self.look_every:
            self.look(update_made=False)

    def look(self, update_made: bool = True) -> None:
        """Wait for the device, and take over the losses since the last look.

        Args:
            update_made: whether the update of the last of them was made.
        Raises:
            ValueError: one of them is NaN or infinite; says at which step.
        """
        seen = torch.stack(self._unseen).tolist() if self._unseen else []
        self._unseen = []
        for position, value in enumerate(seen, start=1):
            if not math.isfinite(value):
                cause = self._cause(followed=update_made or position < len(seen))
                raise ValueError(f"the loss is {value} at step {len(self.values) + 1}: {cause}")
            self.values.append(value)
        tracking.current().updated(len(self.values), seen, self.groups)

    def _cause(self, followed: bool) -> str:
        """What to look at: before the first update it cannot be the learning rate.

        Args:
            followed: whether updates were made with that loss, or after it.
        """
        updated = bool(self.values)
        if self.model is None:
            return f"lower learning_rate ({self.learning_rate})" if updated else diverged.ELSE
        return diverged.cause(self.model, self.learning_rate, updated, followed)

    def recent(self) -> float:
        """Mean of the last 50 that were looked at; NaN before the first."""
        return float(np.mean(self.values[-50:])) if self.values else math.nan


def trained(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """The parameters that are trained, by name."""
    return ((name, p) for name, p in model.named_parameters() if p.requires_grad)


def parameter_groups(model: nn.Module, learning_rate: float, head_learning_rate: float) -> list[dict]:
    """Trained parameters with their learning rates, as optimizers take them; an empty group is left out.

    Each group has a name, by which a tracker tells its learning rate.

    Args:
        model: what is in one of its :data:`FRESH` submodules, and the updates of LoRA, get the head's rate.
    """
    body, head = [], []
    for name, p in trained(model):
        if name.startswith(FRESH) or ".lora_" in name:
            head.append(p)
        else:
            body.append(p)
    groups = [
        {"params": body, "lr": learning_rate, "name": "learning_rate"},
        {"params": head, "lr": head_learning_rate, "name": "head_learning_rate"},
    ]
    return [group for group in groups if group["params"]]


def optimizer_and_schedule(groups: list[dict], steps: int, weight_decay: float, warmup: float) -> tuple:
    """AdamW, and learning rates that rise linearly over the ``warmup`` share of the steps, then fall to 0.

    They rise from 0 over one step at least, but for a ``warmup`` of 0: then they begin at their peak.
    """
    from transformers import get_linear_schedule_with_warmup

    optimizer = torch.optim.AdamW(groups, weight_decay=weight_decay, fused=True)
    rising = max(1, int(warmup * steps)) if warmup else 0
    schedule = get_linear_schedule_with_warmup(optimizer, rising, steps)
    return optimizer, schedule


class EarlyStop:
    """Stops a training when a measure has not fallen for some checkpoints, and gives back the best weights.

    Args:
        model: being trained.
        measure: called at every checkpoint; the lower, the better.
        patience: checkpoints without a new lowest value before it stops; 0: never, the last weights stay.
    Attributes:
        seconds: that measuring took so far.
        values: what was measured, with the step.
        best: the weights at the lowest value, by name; empty while none is kept.
    """

    def __init__(self, model: nn.Module, measure: Callable[[], float], patience: int):
        self.model, self.measure, self.patience = model, measure, patience
        self.seconds = 0.0
        self.values: list[tuple[int, float]] = []
        self.best: dict[str, Tensor] = {}
        self._lowest, self._lowest_at = math.inf, 0  # the value, and its position among the values

    def __call__(self, step: int) -> bool:
        """Measure, and keep the weights if they are the best so far; True: stop."""
        began = time.perf_counter()
        value = self.measure()
        self.seconds += time.perf_counter() - began
        tracking.current().log(step, {"held_out": value})
        self.values.append((step, value))
        if not self.patience:
            return False
        if value < self._lowest:
            self._lowest, self._lowest_at = value, len(self.values) - 1
            self.best = {name: p.detach().clone() for name, p in trained(self.model)}
        return len(self.values) - 1 - self._lowest_at >= self.patience

    def restore(self, last: int) -> int:
        """Put the best weights back, where some were kept; returns the step that the weights are of.

        Args:
            last: the last step of the training; returned if nothing was measured.
        """
        if not self.values:
            return last
        if not self.best:
            return self.values[-1][0]
        self.model.load_state_dict(self.best, strict=False)
        return self.values[self._lowest_at][0]


def thinned(values: list[float], points: int = 50) -> list[float]:
    """A curve for the record: means of up to 50 parts, in order.

    Example:
        >>> thinned([1.0, 3.0, 5.0, 7.0], 2)
        [2.0, 6.0]
    """
    if not values:
        return []
    return [float(np.mean(part)) for part in np.array_split(values, min(points, len(values)))]
