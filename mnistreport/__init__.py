"""From an experiment manifest to a finished, truthful report on handwritten-digit models."""
