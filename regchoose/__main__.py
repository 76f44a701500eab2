"""`python -m regchoose`."""

import sys

from regchoose.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
