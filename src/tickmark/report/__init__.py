"""Step 7, the report: Sections I to V from the record, issued, frozen, and bundled with its proof."""
