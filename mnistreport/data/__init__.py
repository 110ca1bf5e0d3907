"""What to learn from: where digits come from, their checks, and the stratified split."""
