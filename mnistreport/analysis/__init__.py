"""What came out: frames, comparisons over seeds, findings."""
