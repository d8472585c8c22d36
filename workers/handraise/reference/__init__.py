"""What is written from the code: `python -m handraise.reference`, or `make docs`, writes it anew in a checkout.

Each module here has one function, `render(root)`, which gives the text of each file that it owns. The files are
committed, and a test fails when one differs from what the code would write.
"""
