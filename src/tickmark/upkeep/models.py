"""The upkeep step keeps no nouns of its own: its calendar and its slots are answers and the kernel's bookkeeping."""
