"""The faults, by name."""
