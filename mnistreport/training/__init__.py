"""How it learns: models, the training loop, its loss and gradient descent, and the store of runs."""
