"""The tables, sentences and figures of a study, as functions of what its runs left (notebooks/90_summary).

    from xltlib import summary
    data = summary.load("figures", "paws-x")
    print(summary.answer(data))
    summary.accuracy_table(data)

Another column of accuracy_table or effect_table is one function, of an arm's accuracies or of a row of the
effects; its name becomes the column's:

    def worst_seed(rows):
        return 100 * rows.groupby("seed").accuracy.mean().min()
    summary.accuracy_table(data, worst_seed)

Nothing here trains, and nothing needs torch.
"""

from xltlib.summary.accuracy import (
    accuracy_table,
    items,
    labels_read,
    largest_spread,
    level_table,
    majority_table,
    metric_table,
    published_table,
    rule_table,
    rules_agree,
    stuck_runs,
)
from xltlib.summary.costs import (
    dose_table,
    family_table,
    held_out_table,
    over_updates_table,
    penalty_table,
)
from xltlib.summary.data import StudyData
from xltlib.summary.effects import (
    about,
    arm_table,
    between_table,
    effect_table,
    language_table,
    other_test_table,
    pairs_sentence,
    partners,
    power_table,
    seed_noise_sentence,
    seed_table,
    single_tests_sentence,
)
from xltlib.summary.grids import grid_table
from xltlib.summary.loading import load
from xltlib.summary.matched import effects_table as matched_table
from xltlib.summary.pictures import (
    answer_pictures,
    cost_pictures,
    covariate_pictures,
    covariate_table,
    dose_pictures,
    effect_pictures,
    family_pictures,
    grid_pictures,
    tree_pictures,
)
from xltlib.summary.saving import all_pictures, all_tables, save
from xltlib.summary.selfchecks import checked, checks, refuse_other_accuracies
from xltlib.summary.sentences import answer
from xltlib.summary.verdicts import verdict_list
from xltlib.summary.words import unless_empty

__all__ = [
    "StudyData",
    "about",
    "accuracy_table",
    "all_pictures",
    "all_tables",
    "answer",
    "answer_pictures",
    "arm_table",
    "between_table",
    "checked",
    "checks",
    "cost_pictures",
    "covariate_pictures",
    "covariate_table",
    "dose_pictures",
    "dose_table",
    "effect_pictures",
    "effect_table",
    "family_pictures",
    "family_table",
    "grid_pictures",
    "grid_table",
    "held_out_table",
    "items",
    "labels_read",
    "language_table",
    "largest_spread",
    "level_table",
    "load",
    "majority_table",
    "matched_table",
    "metric_table",
    "other_test_table",
    "over_updates_table",
    "pairs_sentence",
    "partners",
    "penalty_table",
    "power_table",
    "published_table",
    "refuse_other_accuracies",
    "rule_table",
    "rules_agree",
    "save",
    "seed_noise_sentence",
    "seed_table",
    "single_tests_sentence",
    "stuck_runs",
    "tree_pictures",
    "unless_empty",
    "verdict_list",
]
