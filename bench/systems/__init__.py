"""One module per system, each with a class System: see base.py for what it does."""
