"""Names of the notebooks, as studies and records write them."""

ADAPT = "10_adapt"
FINETUNE = "20_finetune"
FROZEN = "21_frozen"  # trains no encoder
ROBUSTNESS = "30_robustness"
LANGUAGE_BIAS = "40_language_bias"
DEVELOPMENT = "50_development"
SUMMARY = "90_summary"

COMPUTING = (ADAPT, FINETUNE, FROZEN)  # each computes one run
SCORING = (FINETUNE, FROZEN)  # their runs leave predictions
SUMMARIES = (SUMMARY, ROBUSTNESS, DEVELOPMENT)  # they read the runs of a study
