"""The ledger: a C2SP transparency log of every action, with salted leaves."""
