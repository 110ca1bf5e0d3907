"""The report's figures: ``plan`` says which, ``gallery`` draws them, ``folder`` keeps them."""
