"""The door for programs, generated from the actions."""
