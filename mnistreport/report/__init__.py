"""How it is told: figures, tables, insights, HTML and PDF."""
