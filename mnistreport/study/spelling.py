"""How a setting is spelt: its fields under the manifest's names, and their values."""

from dataclasses import asdict
from decimal import Decimal
from typing import Final

from mnistreport.study.experiment import MlpArchitecture, Variant
from mnistreport.study.manifest import FieldValue

_LONGEST_LABEL: Final = 15


def spell_fields(variant: Variant, *, by_layer: bool = False) -> dict[str, FieldValue]:
    """Return every field of a setting under the name that the manifest has for it.

    Hidden layers of one width are given as ``hidden_layers`` and ``neurons``, others as
    ``layers``; with ``by_layer`` all are given as ``layers``.
    """
    architecture = variant.architecture
    fields: dict[str, FieldValue] = asdict(architecture) | asdict(variant.training)
    if isinstance(architecture, MlpArchitecture) and not by_layer and is_even(variant):
        del fields["layers"]
        fields |= {"hidden_layers": len(architecture.layers), "neurons": architecture.layers[0]}
    return fields


def is_even(variant: Variant) -> bool:
    """Tell whether ``hidden_layers`` and ``neurons`` can spell a setting's hidden layers."""
    architecture = variant.architecture
    return not isinstance(architecture, MlpArchitecture) or len(set(architecture.layers)) == 1


def format_label(value: float) -> str:
    """Name a level: ``0.00001`` rather than ``1e-05``, ``64`` rather than ``64.0``.

    Flags are ``on`` and ``off``.
    """
    if isinstance(value, bool):
        return "on" if value else "off"
    plain = f"{Decimal(repr(value)):f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain if len(plain) <= _LONGEST_LABEL else repr(value)
