import torch
from torch import nn

# One step each, from the same weights: ours, and that of PyTorch's own optimiser
layer = nn.Linear(IMAGE_SIZE**2, CLASSES)
twin = nn.Linear(IMAGE_SIZE**2, CLASSES)
twin.load_state_dict(layer.state_dict())
batch, classes = next(iter(make_loader(train_digits, 64, generator=None)))

GradientDescent(layer.parameters(), learning_rate=0.01).step(
    cross_entropy(layer(batch.flatten(1)), classes)
)
optimizer = torch.optim.SGD(twin.parameters(), lr=0.01)
nn.functional.cross_entropy(twin(batch.flatten(1)), classes).backward()
optimizer.step()
print(f"largest difference of a weight: {(layer.weight - twin.weight).abs().max():.1g}")
