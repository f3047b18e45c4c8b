"""Bundled notifiers."""
