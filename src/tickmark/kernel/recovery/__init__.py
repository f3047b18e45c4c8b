"""Recovery: one archive that is backup, export and move; what checks a home, and what begins a new epoch of its log."""
