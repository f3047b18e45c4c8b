"""Steps 5 and 6, the formal audit and its follow-up, with the CPA firm inside."""
