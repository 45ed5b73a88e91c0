"""Figures, each with the CSV of what it plots."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.rcParams["svg.hashsalt"] = "xltlib"  # SVG ids, and so the bytes, are the same every time

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns


def loss_curve(losses: list[float]):
    """Training loss of each update, and its running mean: a plateau at ln 2 means nothing is learned yet."""
    sns.set_theme(style="whitegrid")
    figure, axis = plt.subplots(figsize=(6, 2.6))
    smooth = pd.Series(losses).rolling(max(1, len(losses) // 20), min_periods=1).mean()
    axis.plot(range(1, len(losses) + 1), losses, color="0.8", linewidth=0.8)
    axis.plot(range(1, len(losses) + 1), smooth, color="#0072B2")
    axis.set(xlabel="update", ylabel="loss", ylim=(0, None))
    return figure
