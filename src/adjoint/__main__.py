"""`python -m adjoint`: the same as the `adjoint` command."""

import sys

from adjoint.cli import main

sys.exit(main())
