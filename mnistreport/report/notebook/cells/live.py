from dataclasses import replace

import pandas as pd
import torch

torch.set_num_threads(1)  # as in the stored runs, and the sums are added up in the same order
torch.use_deterministic_algorithms(mode=True)

experiment = Experiment(BASELINE, SEED, SPLIT_SHA256)
training = replace(BASELINE.training, epochs=min(EPOCHS_HERE, BASELINE.training.epochs))
trained = train_model(
    replace(experiment, variant=replace(BASELINE, training=training)),
    train_digits,
    validation_digits,
    device=torch.device("cpu"),
    on_epoch=lambda _row: None,
)
print(f"{trained.status}: {len(trained.history)} epochs, {trained.updates:,} updates")
columns = ["epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy"]
history = pd.DataFrame(trained.history, columns=[*columns, "duration_seconds"])[columns]
history = history.set_index("epoch")
history
