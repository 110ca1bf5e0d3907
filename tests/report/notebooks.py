"""Executed notebooks that no kernel ran: their outputs are put in by hand."""

import base64
import io
from typing import Final

from nbformat import NotebookNode
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)
from PIL import Image

LONG: Final = "long = '" + "".join(f"{number:03d}|" for number in range(72)) + "end'"
"""300 characters in a row, and everyone of them in its place."""
FORMULAS: Final = (r"\frac{1}{n}\sum_{i=1}^{n} x_i", r"\theta - \eta \nabla_\theta L")
CODE: Final = f'''class Model:
    """A class, as a notebook quotes it."""

    def forward(self, images: Tensor) -> Tensor:
        if images.ndim < 4:  # a comment & an ampersand
            raise ValueError("no <channels>")
        return self.layers(images)


{LONG}'''
PRINTED: Final = "epoch 1: train_loss 0.5000\nepoch 2: train_loss 0.2500\n\n" + "x" * 250 + "\n"
ROWS: Final = tuple(
    (
        f"variant-{number}",
        f"97.{number:02d}\u202f%\u00a0±\u00a00.08\u202f%",
        f"\u22120.{number:04d}",
    )
    for number in range(1, 61)
)
WIDE: Final = tuple(f"0.{number:04d}" for number in range(20))
"""Cells of a table that is as wide as the page."""
TEXT: Final = rf"""## 1 The data

A paragraph of *prose* with `code`, a link to [the end](#2-The-end), and \$5 for \$6 coffees.

The mean is ${FORMULAS[0]}$ of them. One step is

$${FORMULAS[1]}$$

What cannot be drawn: $\begin{{pmatrix}} a \end{{pmatrix}}$.

| split | images |
|:--|--:|
| training | 42,000 |
| test | 14,000 |

- first point
- second point

```python
def fenced(a):
    return a
```
"""


def make_png(colour: str, size: tuple[int, int] = (900, 300)) -> str:
    """Return a picture as an output holds it."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def make_table(rows: tuple[tuple[str, ...], ...]) -> str:
    """Return a table as pandas writes it, with a name over its index."""
    heads = "".join(f"<th>{name}</th>" for name in ("", "accuracy", "loss"))
    body = "".join(
        f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>"
        for first, *others in rows
    )
    return (
        "<div>\n<style scoped>.dataframe tbody tr th { vertical-align: top }</style>\n"
        f'<table border="1" class="dataframe"><thead><tr style="text-align: right">{heads}</tr>'
        f"<tr><th>variant</th><th></th><th></th></tr></thead><tbody>{body}</tbody></table>\n</div>"
    )


def make_notebook() -> NotebookNode:
    """Make one with everything that the program's own has, and some more."""
    picture = new_output(
        "display_data",
        {"image/png": make_png("navy"), "text/plain": "<Figure size 900x300>"},
        metadata={"image/png": {"alt": "A blue field."}},
    )
    undescribed = new_output("display_data", {"image/png": make_png("maroon", (300, 300))})
    stream = new_output("stream", name="stdout", text=PRINTED)
    table = new_output(
        "execute_result", {"text/html": make_table(ROWS), "text/plain": "?"}, execution_count=2
    )
    row = "".join(f"<td>{cell}</td>" for cell in WIDE)
    wide = new_output("display_data", {"text/html": f"<table><tr>{row}</tr></table>"})
    cells = [
        new_markdown_cell("# A notebook\n\n**Ada Lovelace** 1815 · **Alan** 1\n\nA course, 2026"),
        new_markdown_cell(TEXT),
        new_code_cell(CODE, execution_count=1, outputs=[stream, picture]),
        new_code_cell("table", execution_count=2, outputs=[table, undescribed, wide]),
        new_raw_cell("raw <words>"),
        new_markdown_cell("## 2 The end\n\n### 2.1 Very last\n\nThe last paragraph."),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    info = {"name": "python", "pygments_lexer": "ipython3"}
    return new_notebook(cells=cells, metadata={"language_info": info})


def make_hostile(html: str) -> NotebookNode:
    """Make one that has some HTML in a Markdown cell, in an output, and in an output's Markdown."""
    outputs = [
        new_output("display_data", {"text/html": f"<p>before</p>{html}<p>behind</p>"}),
        new_output("display_data", {"text/markdown": f"words\n\n{html}\n"}),
    ]
    cells = [
        new_markdown_cell(f"# Title\n\n{html}\n\nafter"),
        new_code_cell("show()", execution_count=1, outputs=outputs),
        new_markdown_cell("The last paragraph."),
    ]
    return new_notebook(cells=cells)
