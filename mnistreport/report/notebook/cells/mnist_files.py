import gzip
import os
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd


def find_folder() -> Path:
    """Return the folder that the digits lie in; MNIST is fetched from Kaggle if there is none."""
    for name in (os.environ.get("MNISTREPORT_DATA", "data"), "data", "../../data"):
        if Path(name).is_dir() and any(Path(name).iterdir()):
            return Path(name)
    if IS_ON_KAGGLE:
        with suppress(Exception):  # kagglehub is not installed, or Kaggle cannot be reached
            import kagglehub  # pip install kagglehub

            return Path(kagglehub.dataset_download(HANDLE))
    raise FileNotFoundError(
        "no digits found: put their files into a folder named data, beside this notebook, "
        "or set the environment variable MNISTREPORT_DATA to their folder"
    )


def read_idx(path: Path) -> Images | Labels:
    """Return what an IDX file holds: how many dimensions, the size of each, a byte per value."""
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    start = 4 + 4 * content[3]
    shape = struct.unpack(f">{content[3]}I", content[4:start])
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_folder(folder: Path) -> tuple[Images, Labels]:
    """Return all labelled images that a folder holds, pooled: those for training come first."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if folder / "images.npy" in files:
        return np.load(folder / "images.npy"), np.load(folder / "labels.npy")
    parts = [
        [read_idx(path) for path in files if part in path.name and kind in path.name][:1]
        for kind in ("images", "labels")
        for part in ("train", "t10k")
    ]
    if any(parts[:2]) and any(parts[2:]):  # or one part of the two alone
        return np.concatenate(parts[0] + parts[1]), np.concatenate(parts[2] + parts[3])
    tables = [pd.read_csv(path) for path in reversed(files) if path.suffix == ".csv"]
    labelled = [table.to_numpy(np.uint8) for table in tables if table.shape[1] == 1 + IMAGE_SIZE**2]
    if not labelled:
        raise FileNotFoundError(f"no IDX or labelled CSV files in {folder}; unpack archives there")
    table = np.concatenate(labelled)
    return table[:, 1:].reshape(-1, IMAGE_SIZE, IMAGE_SIZE), table[:, 0]


images, labels = read_folder(find_folder())
