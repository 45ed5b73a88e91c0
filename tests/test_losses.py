"""Contrastive losses against 3x3 matrices worked out by hand, and views of sentences."""

import math

import numpy as np
import pytest
import torch

from xltlib import batching, losses
from xltlib.noise import lists, words


def vectors(rows):
    return torch.nn.functional.normalize(torch.tensor(rows, dtype=torch.float32), dim=-1)


U, V = vectors([[1, 0], [0, 1], [1, 1]]), vectors([[1, 1], [0, 1], [1, 0]])
HALF = math.sqrt(0.5)
COSINES = [[HALF, 0, 1], [HALF, 1, 0], [1, HALF, HALF]]  # of the rows of U with the rows of V


def by_hand(i, others, temperature, margin=0.0):
    true = math.exp((COSINES[i][i] - margin) / temperature)
    return -math.log(true / (true + sum(math.exp(COSINES[i][j] / temperature) for j in others)))


@pytest.mark.parametrize("margin", [0.0, 0.3])
def test_info_nce_equals_the_hand_computed_3x3(margin):
    labels = torch.tensor([1, 1, 0])
    everything = losses.info_nce(U, V, labels, temperature=0.5, margin=margin)
    of_all = (by_hand(0, (1, 2), 0.5, margin) + by_hand(1, (0, 2), 0.5, margin)) / 2
    assert everything.item() == pytest.approx(of_all, abs=1e-6)
    printed = losses.info_nce(U, V, labels, temperature=0.5, margin=margin, negatives="neg_only")
    of_printed = (by_hand(0, (2,), 0.5, margin) + by_hand(1, (2,), 0.5, margin)) / 2
    assert printed.item() == pytest.approx(of_printed, abs=1e-6)


def test_without_a_paraphrase_or_a_negative_there_is_nothing_to_learn():
    u = U.clone().requires_grad_()
    for labels, negatives in (([0, 0, 0], "all"), ([1, 1, 1], "neg_only")):
        value = losses.info_nce(u, V, torch.tensor(labels), negatives=negatives)
        value.backward()
        assert value.item() == 0 and not u.grad.any()
    with pytest.raises(ValueError, match="negatives='some'"):
        losses.info_nce(U, V, torch.tensor([1, 0, 0]), negatives="some")


def test_code_switching_exchanges_at_its_rate_and_leaves_unknown_words(tmp_path):
    (tmp_path / "de.txt").write_text("cat Katze\ncat\tKater\ndog Hund\n", encoding="utf-8")
    german = lists.read_dictionary(tmp_path / "de.txt")
    assert german == {"cat": ["Katze", "Kater"], "dog": ["Hund"]}
    rng, sentence = np.random.default_rng(1), "The cat saw a dog ."
    switched = [words.code_switching({"de": german}, 0.3)(sentence, rng) for _ in range(2000)]
    count = sum("cat" not in s for s in switched)
    assert abs(count - 600) <= 4 * math.sqrt(2000 * 0.3 * 0.7)
    assert all(s.startswith("The ") and " saw a " in s for s in switched)
    assert {"Katze", "Kater"} <= {s.split()[1] for s in switched}
    assert words.code_switching({"de": german}, 0.0)(sentence, rng) == sentence
    (tmp_path / "bad.txt").write_text("cat Katze\ndog\n", encoding="utf-8")
    with pytest.raises(ValueError, match="bad.txt, line 2"):
        lists.read_dictionary(tmp_path / "bad.txt")


def test_languages_are_drawn_by_size_to_the_exponent():
    small, large = 1 / (1 + 3**0.5), 3**0.5 / (1 + 3**0.5)
    assert batching.proportions([100, 300], 0.5).tolist() == pytest.approx([small, large])
