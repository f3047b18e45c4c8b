"""The bundled collectors, checks and report templates. They import `tickmark.plugin` only."""
