"""From an experiment manifest to a finished, truthful report on handwritten-digit models."""

from importlib.metadata import version

__version__ = version("mnistreport")
