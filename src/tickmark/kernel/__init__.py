"""The kernel: actions, access, dated rows, files, tables, the ledger. It has no SOC 2 word in it."""
