"""One file of pages per step: they ask queries, render templates, and post to actions through `do`."""
