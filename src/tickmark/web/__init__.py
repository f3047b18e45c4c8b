"""The door for people: it translates pages to actions and answers, and decides nothing."""
