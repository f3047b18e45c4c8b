"""Step 0, people: accounts on two sides, their roles, and the persons of the company."""
