"""The command line: a client of the API, and the verbs that need no server."""
