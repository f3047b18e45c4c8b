"""Search over everything visible: what nouns say, the index that follows the entries, and the questions to it."""
