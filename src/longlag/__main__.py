"""`python -m longlag` is `longlag`."""

import sys

from longlag.cli import main

sys.exit(main())
