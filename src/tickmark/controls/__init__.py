"""Step 2, controls and policies: what the company says it does, in dated versions."""
