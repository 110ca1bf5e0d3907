"""What to run: the manifest, and the experiments that follow from it."""
