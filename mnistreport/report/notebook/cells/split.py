import numpy as np
from sklearn.model_selection import train_test_split

# First the test split is set aside, then the validation split is taken from the rest.
train_share, validation_share, test_share = SPLIT
rest, test_indices = train_test_split(
    np.arange(len(labels)),
    test_size=round(test_share * len(labels)),
    stratify=labels,
    random_state=SPLIT_SEED,
)
rest = np.sort(rest)
train_indices, validation_indices = train_test_split(
    rest,
    test_size=round(validation_share * len(labels)),
    stratify=labels[rest],
    random_state=SPLIT_SEED,
)
split = {
    "train": np.sort(train_indices),
    "validation": np.sort(validation_indices),
    "test": np.sort(test_indices),
}
if digest_split(DATA_SHA256, split) != SPLIT_SHA256:
    raise ValueError("this split is not the one that the runs were trained on")
