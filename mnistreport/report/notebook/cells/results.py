import pandas as pd

# What was trained: which variant each level of a study is, every run, every epoch of each run.
names = dict.fromkeys(["study", "label", "variant", "fingerprint"], str)  # never numbers
levels = pd.read_csv("levels.csv", dtype=names, keep_default_na=False)
runs, epochs = (pd.read_csv(file, dtype=names) for file in ("runs.csv", "epochs.csv"))
print(f"{len(runs):,} runs of {runs.variant.nunique():,} variants, {len(epochs):,} epochs in all")
