"""`python -m handraise` is the command `handraise`."""

import sys

from handraise.cli import main

if __name__ == "__main__":  # a process that this one spawns imports it too
    sys.exit(main())
