"""`python -m handraise` is the command `handraise`."""

import sys

from handraise.cli import main

sys.exit(main())
