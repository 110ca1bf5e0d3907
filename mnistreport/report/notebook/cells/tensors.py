normalisation = measure_images(images, split["train"])
train_digits, validation_digits, test_digits = (
    convert_images(images, labels, index, normalisation) for index in split.values()
)
print(f"mean {normalisation.mean:.4f}, standard deviation {normalisation.std:.4f}")
print(
    "one batch:",
    *(tuple(each.shape) for each in next(iter(make_loader(train_digits, 64, generator=None)))),
)
