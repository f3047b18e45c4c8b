"""Makes the raw exports of Larkspur Ledger, Inc. (fictional) as its systems would have given them on a day."""
