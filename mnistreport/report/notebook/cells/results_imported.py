import pandas as pd

# Which variant each level of a study is, every run, every epoch of each run. Not all runs were
# trained by mnistreport: the column `imported` names the file that tells of the others. No file
# tells the number of updates. Names are never numbers.
names = dict.fromkeys(["study", "label", "variant", "fingerprint", "imported"], str)
levels = pd.read_csv("levels.csv", dtype=names, keep_default_na=False)
runs, epochs = (pd.read_csv(file, dtype=names) for file in ("runs.csv", "epochs.csv"))
elsewhere = runs.imported.notna()
runs.loc[runs.variant.isin(runs.variant[elsewhere]), "updates"] = None
print(f"{len(runs):,} runs of {runs.variant.nunique():,} variants, {len(epochs):,} epochs in all")
print(f"{elsewhere.sum():,} of the runs were imported, and their conditions not checked")


def format_count(count: float, told=format_count) -> str:
    """Return a whole number, if it is told."""
    return UNKNOWN if pd.isna(count) else told(count)
