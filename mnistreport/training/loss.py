"""Cross-entropy, from its definition."""

import torch
from torch import Tensor


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of a batch, in nats.

    For logits z and the true class y of one image, ``-log softmax(z)[y] = logsumexp(z) - z[y]``;
    ``logsumexp`` subtracts the largest logit first, so that no exponential overflows.

    Args:
        logits: float (n, classes).
        labels: int64 (n,), each in ``range(classes)``.

    Returns:
        A scalar that can be differentiated.
    """
    true_logits = logits.gather(1, labels.unsqueeze(1)).squeeze(1)
    return (torch.logsumexp(logits, dim=1) - true_logits).mean()
