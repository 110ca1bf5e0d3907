# The report's data set, byte for byte; or else none of the comparisons below would mean anything.
if digest_digits(images, labels) != DATA_SHA256:
    raise ValueError(f"these {len(labels):,} images are not those that the runs were trained on")
print(f"{len(labels):,} images of {IMAGE_SIZE} × {IMAGE_SIZE} pixels, the same as in the runs")
