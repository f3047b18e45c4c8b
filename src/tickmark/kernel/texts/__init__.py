"""The text inside of files, read by a child process that a hostile file cannot leave."""
