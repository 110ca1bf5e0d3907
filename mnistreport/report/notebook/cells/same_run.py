# Its stored twin: the run with the same settings, seed and split goes by the same fingerprint.
stored = epochs[epochs.fingerprint == experiment.fingerprint].set_index("epoch")[history.columns]
both = history.index.intersection(stored.index)
difference = (history.loc[both] - stored.loc[both]).abs().to_numpy()
if len(both):
    print(f"{len(both)} epochs compared, largest difference of any number: {difference.max():.1g}")
else:
    print("no epoch to compare")
