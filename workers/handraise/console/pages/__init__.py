"""The pages, one module each: what is read for it, and what happens when somebody acts on it."""
