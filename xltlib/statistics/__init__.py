"""Effects with honest uncertainty: paired by item and seed, over seeds and clusters of items.

From predictions to verdicts: ``answers`` (was it right?), ``matched`` (would it be, if no class were answered
too often?), ``effects`` (with an adaptation minus without), ``intervals`` (what is said of a mean),
``verdicts`` (what follows), ``cross_checks`` (the same by other tests), ``spending`` (what it cost) and
``published_figures`` (what was published, and what is known of languages). Nothing here needs torch.
"""

from xltlib.statistics.answers import (
    ARM,
    answers_of_pairs,
    columns_of_runs,
    generalized,
    is_one_language,
    is_right,
    right_answers,
    secondary,
    share_of_the_most_frequent,
)
from xltlib.statistics.cross_checks import (
    almost_stochastic_order,
    gee_effects,
    mcnemar_table,
    other_tests,
    pair_effects,
    power_table,
    sign_permutation,
)
from xltlib.statistics.effects import (
    BETWEEN,
    COMPARED,
    EFFECTS,
    WITH_PLAIN,
    adaptation_effects,
    beside_plain,
    differences,
    effects_by_seed,
    mean_effects,
)
from xltlib.statistics.intervals import (
    crossed_variance,
    detectable,
    interval_of_cells,
    mean_interval,
    standard_error_and_df,
    t_interval,
    weighted_by_language,
)
from xltlib.statistics.matched import is_right_when_matched, matched_answers, right_when_matched, shares
from xltlib.statistics.published_figures import covariates, published
from xltlib.statistics.spending import costs
from xltlib.statistics.verdicts import corrected, holm, is_detected, is_mean, judge, ordered, verdict

__all__ = [
    "ARM",
    "BETWEEN",
    "COMPARED",
    "EFFECTS",
    "WITH_PLAIN",
    "adaptation_effects",
    "almost_stochastic_order",
    "answers_of_pairs",
    "beside_plain",
    "columns_of_runs",
    "corrected",
    "costs",
    "covariates",
    "crossed_variance",
    "detectable",
    "differences",
    "effects_by_seed",
    "gee_effects",
    "generalized",
    "holm",
    "interval_of_cells",
    "is_detected",
    "is_mean",
    "is_one_language",
    "is_right",
    "is_right_when_matched",
    "judge",
    "matched_answers",
    "mcnemar_table",
    "mean_effects",
    "mean_interval",
    "ordered",
    "other_tests",
    "pair_effects",
    "power_table",
    "published",
    "right_answers",
    "right_when_matched",
    "secondary",
    "share_of_the_most_frequent",
    "shares",
    "sign_permutation",
    "standard_error_and_df",
    "t_interval",
    "verdict",
    "weighted_by_language",
]
