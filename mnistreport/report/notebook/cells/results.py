import pandas as pd

# What was trained: which variant each level of a study is, every run, every epoch of each run.
levels = pd.read_csv("levels.csv", dtype={"label": str}, keep_default_na=False)
runs = pd.read_csv("runs.csv", keep_default_na=False, na_values={"updates": ""})
epochs = pd.read_csv("epochs.csv")
print(f"{len(runs):,} runs of {runs.variant.nunique():,} variants, {len(epochs):,} epochs in all")
