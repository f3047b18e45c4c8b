"""Step 4, readiness: gaps for a day, their remedies, and the date that can be believed."""
