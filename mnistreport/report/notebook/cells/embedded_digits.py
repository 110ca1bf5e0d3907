import numpy as np
from sklearn.datasets import load_digits

# scikit-learn's own small digits, as large and as bright as MNIST's
pixels, targets = load_digits(return_X_y=True)
small = np.rint(pixels * (255 / FULL)).astype(np.uint8).reshape(-1, SMALL, SMALL)
images, labels = frame_digits(small), targets.astype(np.uint8)
