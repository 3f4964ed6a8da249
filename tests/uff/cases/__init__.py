"""Cases that make_cases.py writes, one module per subject."""
