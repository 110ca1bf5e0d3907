"""What a tested network's first layer looks for: neurons as images, kernels with what they find."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mnistreport.analysis.first_layer import FirstLayer, Floats, apply_kernels
from mnistreport.data.pixels import measure_images
from mnistreport.report.figures import style
from mnistreport.report.figures.figure import Figure
from mnistreport.report.figures.squares import draw_pixels
from mnistreport.report.figures.style import Sheet, open_sheet
from mnistreport.report.numbers import format_count, format_weight
from mnistreport.study.naming import make_slug

MOST_NEURONS: Final = 24
MOST_KERNELS: Final = 16
_ACROSS: Final = 8
_KEY: Final = 8.0  # millimetres, above the pictures
_BAR: Final = 24.0  # width of the key's bar
_NEURON, _PITCH = 19.0, style.WIDTH / _ACROSS
_LEFT, _KERNEL, _MAP, _ROW = 20.0, 11.0, 16.4, 31.5  # of kernels and of what they find
_EXAMPLE: Final = 4
"""The digit that kernels are shown with: it has upright, level and slanting strokes."""
_USUAL: Final = 99.8  # per cent of the weights shown that the colours reach to
_LEAST: Final = 1e-9  # end of a scale
_COLOURS: Final = LinearSegmentedColormap.from_list("weights", style.WEIGHTS)


def plot_filters(  # a model, and the data that it saw
    layer: FirstLayer | None,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    train_indices: NDArray[np.int64],
    model_title: str,
    *,
    model: str = "",
) -> Figure:
    """Draw the weights of a network's first layer; of kernels also what they find in a digit.

    Args:
        layer: Of the run whose confusion matrix is shown; ``None`` if there is none to be drawn.
        images: The whole data set, shape ``(n, 28, 28)``.
        labels: Shape ``(n,)``, 0 to 9.
        train_indices: Which of them are the training split; the digit shown is one of these.
        model_title: The model in words.
        model: The model's name in the manifest; names the figure, else the title does.
    """
    name = f"{model or make_slug(model_title)}-filters"
    if layer is None:
        return _draw_nothing(name, model_title)
    if not layer.is_convolution:
        return _plot_neurons(name, layer, model_title)
    places = np.flatnonzero(np.asarray(labels)[train_indices] == _EXAMPLE)
    chosen = int(train_indices[places[0] if len(places) else 0])
    normalisation = measure_images(images, train_indices)
    maps = apply_kernels(layer, images[chosen], normalisation)
    return _plot_kernels(name, layer, images[chosen], maps, (int(labels[chosen]), model_title))


def _draw_nothing(name: str, title: str) -> Figure:
    said = f"There are no weights of the {title} to be drawn."
    with open_sheet(10.0) as sheet:
        sheet.write(0.5, 6.0, style.cut_text(said, style.WIDTH - 1.0))
        picture = sheet.render()
    return Figure(name, picture, said, said)


def _plot_neurons(name: str, layer: FirstLayer, title: str) -> Figure:
    order = np.argsort(-_require(layer.influence), kind="stable")[:MOST_NEURONS].tolist()
    shown = layer.weights[order]
    limit = max(float(np.percentile(np.abs(shown), _USUAL)), _LEAST)
    rows = -(-len(order) // _ACROSS)
    with open_sheet(_KEY + rows * _PITCH - (_PITCH - _NEURON) + 0.4) as sheet:
        overlay = sheet.add_overlay()
        _draw_key(sheet, overlay, limit, is_cut=float(np.abs(shown).max()) > limit)
        for place, neuron in enumerate(order):
            left = place % _ACROSS * _PITCH + (_PITCH - _NEURON) / 2
            top = _KEY + place // _ACROSS * _PITCH
            _draw_weights(
                sheet, overlay, shown[place], (left, top, _NEURON), limit, f"neuron {neuron + 1}"
            )
        picture = sheet.render()
    count = format_count(len(layer.weights))
    which = (
        f"the {len(order)} of {count} neurons whose absolute weights into the next layer add up to "
        "the most"
        if len(order) < len(layer.weights)
        else f"all {count} neurons, those with the largest absolute weights into the next layer "
        "first"
        if len(order) > 1
        else "its only neuron"
    )
    each = "each " if len(order) > 1 else ""
    caption = (
        f"First layer of the {title}: the weights of {which}, {each}as an image of 28 × 28. Where "
        "it is dark, ink raises the neuron’s sum; where it is light, ink lowers it; the grey in "
        "between is about 0."
    )
    return Figure(name, picture, caption, _describe(layer, shown, title, which))


def _plot_kernels(
    name: str, layer: FirstLayer, image: NDArray[np.uint8], maps: Floats, said: tuple[int, str]
) -> Figure:
    digit, title = said
    shown = layer.weights[:MOST_KERNELS]
    limit = max(float(np.abs(shown).max()), _LEAST)
    strongest = max(float(maps[: len(shown)].max()), _LEAST)
    rows = -(-len(shown) // _ACROSS)
    pitch = (style.WIDTH - 0.4 - _LEFT) / _ACROSS
    with open_sheet(_KEY + rows * _ROW - 2.4) as sheet:
        overlay = sheet.add_overlay()
        _draw_key(sheet, overlay, limit, is_cut=False)
        _draw_framed(overlay, 255 - image, (0.4, _KEY + _KERNEL + 1.2, _MAP), (0, 255))
        sheet.write(0.4, _KEY + _KERNEL - 0.6, "what they see:", size=style.SMALL)
        for place, weights in enumerate(shown):
            left = _LEFT + place % _ACROSS * pitch + (pitch - _MAP)
            top = _KEY + place // _ACROSS * _ROW
            kernel = (left + (_MAP - _KERNEL) / 2, top, _KERNEL)
            _draw_weights(sheet, overlay, weights, kernel, limit, f"kernel {place + 1}")
            ends = (-strongest, 0.0)
            _draw_framed(overlay, -maps[place], (left, top + _KERNEL + 1.2, _MAP), ends)
        picture = sheet.render()
    count, size = format_count(len(layer.weights)), layer.weights.shape[-1]
    is_cut = len(shown) < len(layer.weights)
    which = f"{f'the first {len(shown)} of' if is_cut else 'all'} {count} kernels"
    if len(layer.weights) == 1:
        which = "its only kernel"
    each = "each" if len(shown) > 1 else "it"
    caption = (
        f"First layer of the {title}: {which} of {size} × {size} weights, and below {each} what it "
        f"finds in an image of the digit {digit} from the training split, after ReLU and before "
        "max-pooling: the darker, the more, on one scale for all. A kernel is dark where ink "
        "raises its sum, and light where ink lowers it."
    )
    found = [float(one.max()) for one in maps[: len(shown)]]
    low, high = format_weight(min(found)), format_weight(max(found))
    largest = f"between {low} and {high}" if len(found) > 1 else low
    more = f" The largest value that a kernel finds in the image is {largest}."
    return Figure(name, picture, caption, _describe(layer, shown, title, which) + more)


def _describe(layer: FirstLayer, shown: Floats, title: str, which: str) -> str:
    size = layer.weights.shape[-1]
    low, high = format_weight(float(shown.min())), format_weight(float(shown.max()))
    return (
        f"First layer of the {title} as pictures of {size} × {size}: {which}. These weights range "
        f"from {low} to {high}."
    )


def _draw_weights(  # where, and what
    sheet: Sheet,
    overlay: Axes,
    weights: Floats,
    place: tuple[float, float, float],
    limit: float,
    named: str,
) -> None:
    left, top, size = place
    ends = (-limit, limit)
    picture = draw_pixels(overlay, weights, (left, top, size, size), cmap=_COLOURS, ends=ends)
    low, high = format_weight(float(weights.min())), format_weight(float(weights.max()))
    sheet.hint(picture, f"{named}: weights from {low} to {high}")


def _draw_framed(
    overlay: Axes,
    values: NDArray[np.generic],
    place: tuple[float, float, float],
    ends: tuple[float, float],
) -> None:
    left, top, size = place
    draw_pixels(overlay, values, (left, top, size, size), cmap="gray", ends=ends)
    frame = Rectangle((left, top), size, size, fill=False, lw=0.5, ec=style.FAINT, clip_on=False)
    overlay.add_patch(frame)


def _draw_key(sheet: Sheet, overlay: Axes, limit: float, *, is_cut: bool) -> None:
    """Draw the scale of weights, with what its ends mean."""
    ends = [
        f"ink here lowers the sum: {'≤ ' if is_cut else ''}{format_weight(-limit)}",
        f"{'≥ ' if is_cut else ''}{format_weight(limit)}: ink here raises it",
    ]
    x = 0.4 + style.measure_text(ends[0], style.SMALL) + 2.0
    sheet.write(0.4, 3.4, ends[0], size=style.SMALL)
    ramp = np.linspace(-limit, limit, 64)[None]
    draw_pixels(overlay, ramp, (x, 1.0, _BAR, 2.8), cmap=_COLOURS, ends=(-limit, limit))
    sheet.write(x + _BAR + 1.5, 3.4, ends[1], size=style.SMALL)


def _require(influence: Floats | None) -> Floats:
    if influence is None:
        msg = "kernels have no influence to be ordered by"
        raise ValueError(msg)
    return influence
