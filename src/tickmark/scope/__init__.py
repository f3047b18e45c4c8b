"""Step 1, scope: the system, its boundary, its commitments, and what is left out."""
