"""Tickmark: the workbench that carries a company through a SOC 2 examination."""

__version__ = "0.1.0"
