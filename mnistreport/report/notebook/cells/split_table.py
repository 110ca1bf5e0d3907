import numpy as np
import pandas as pd

pd.DataFrame(
    {
        name: [
            *np.bincount(labels[index], minlength=CLASSES),
            f"{len(index):,}",
            f"{len(index) / len(labels):.1%}",
        ]
        for name, index in split.items()
    },
    index=pd.Index([*range(CLASSES), "all", "share"], name="digit"),
).T
