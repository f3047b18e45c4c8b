"""The bundled collectors: git, files, and this program's own books."""
