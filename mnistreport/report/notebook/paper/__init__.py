"""The notebook on paper: its cells as HTML that loads nothing, laid out by WeasyPrint."""
