"""See the package docstring once the parts are here."""
