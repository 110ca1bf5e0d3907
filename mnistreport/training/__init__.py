"""How it learns: models, loss, gradient descent, the training loop, and the store of runs."""
