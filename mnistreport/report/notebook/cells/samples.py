import matplotlib.pyplot as plt
import numpy as np

train = split["train"]
fig, axes = plt.subplots(2, 10, figsize=(9, 2))
for digit in range(CLASSES):
    for ax, index in zip(axes[:, digit], np.flatnonzero(labels[train] == digit), strict=False):
        ax.imshow(images[train[index]], cmap="gray_r")
        ax.axis("off")
plt.show()
