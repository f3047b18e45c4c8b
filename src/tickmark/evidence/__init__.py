"""Step 3, evidence: files, collections with their full record, populations and checks."""
