"""Words of the page: what each warning is called and what each term means."""

from __future__ import annotations

FLAGS = {
    "too_few_samples": "Too few rows",
    "near_ceiling": "Close to the most that so many rows can show",
    "above_log_n": "More than the logarithm of the rows",
    "ties": "Repeated numbers",
    "atoms": "Single values with much of the mass",
    "constant": "Columns that never change",
    "candidates_disagree": "Methods disagree",
    "heavy_tails": "Heavy tails",
    "perfect_dependence": "Suspiciously perfect dependence",
    "identifier": "Columns that name the rows",
    "above_entropy": "More than there is to know",
    "small_class": "Small classes",
    "dropped_rows": "Rows left out for missing values",
    "sparse_table": "Sparse tables",
    "negative_clipped": "Negative values raised to zero",
    "subsampled": "Computed on part of the rows",
    "scale": "Very different scales",
    "degenerate": "Degenerate data",
    "counted": "Counted over all rows",
    "sampled": "Measured on a sample of the rows",
    "sample_budget": "The sample may not grow further",
    "all_rows": "Measured on all rows",
}
"""Machine-readable flag -> heading."""

DIRECTIONS = {
    "low": "the value is likely too low",
    "high": "the value is likely too high",
    "unknown": "the value may be off either way",
}

KINDS = {"continuous": "numbers", "discrete": "labels", "mixed": "mixed numbers"}
"""Kind -> what a reader would call it."""

TERMS = (
    (
        "Nat, bit",
        "Units of information. One bit is the answer to one fair yes-or-no question; one nat is 1.4427 bits.",
    ),
    (
        "Entropy, H",
        "How much there is to know about a column: the average surprise of its values. A fair coin has "
        "one bit (0.693 nats). For continuous numbers it depends on the unit of measurement and may be "
        "negative.",
    ),
    (
        "Information, I",
        "How much knowing one column lowers the surprise about another (mutual information). Zero when "
        "they are independent; it sees dependence of any shape, not only straight lines.",
    ),
    (
        "Share",
        "Information divided by the entropy of the target: 100 % means that the column determines it.",
    ),
    (
        "Normalised information",
        "Information on a scale from 0 to 1, to compare pairs of different kinds. For two label columns: "
        "information divided by the smaller entropy. With a number column: the correlation that two "
        "normal variables with the same information would have, √(1 − exp(−2 I)).",
    ),
    (
        "Interval",
        "A range that should hold the true value in the stated share of repetitions, as far as the "
        "method's assumptions hold.",
    ),
    (
        "p-value",
        "How often a column without any dependence would seem to tell this much. Found by shuffling the "
        "column many times. “Adjusted” accounts for looking at many columns at once (Benjamini and "
        "Hochberg).",
    ),
    (
        "Synergy, redundancy",
        "What two columns tell together minus what each tells alone. Positive: they say something only in "
        "combination. Negative: they repeat each other.",
    ),
    (
        "Sufficient set",
        "Columns added one after another, each time the one that adds most given those already chosen, "
        "until what the next one adds could be chance.",
    ),
    (
        "Kind",
        "Continuous: numbers. Discrete: labels, or numbers with few distinct values. Mixed: numbers of "
        "which single values, such as zero, fill many rows.",
    ),
)
"""Term, meaning."""

SETTINGS = {
    "method": "Method asked for",
    "kinds": "Kinds given",
    "missing": "Missing values",
    "confidence": "Confidence of the intervals",
    "permutations": "Permutations per test",
    "max_pairs": "Pairs of columns examined at most",
    "random_state": "Random seed",
    "n_jobs": "Workers",
    "correction": "Correction for many tests",
    "alpha": "Level of the tests",
    "engine": "Engine",
    "sample_rows": "Rows of the sample",
    "tol": "Width of an interval that ends the sample's growth, in nats",
    "max_rows": "Rows of the sample at most",
    "key": "Columns that tell the rows apart",
}
"""Name of a setting -> what a reader would call it."""
