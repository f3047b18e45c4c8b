"""Report templates: one `.typ` file each, whose header names the parts of the data it reads."""
