"""Step 8, upkeep: what is due at this moment, and the years after."""
