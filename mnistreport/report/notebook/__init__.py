"""The analysis notebook: what stands in its cells, and how they are run."""
