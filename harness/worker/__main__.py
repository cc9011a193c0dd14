"""Start a worker: ``python -P .../harness/worker/__main__.py [READ_FD WRITE_FD]``."""

import sys
from pathlib import Path

if __name__ == "__main__":  # student code that spawns processes imports this file again
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from harness.pipes import take_standard_streams
    from harness.worker._loop import main

    main(*map(int, sys.argv[1:3])) if sys.argv[1:] else main(*take_standard_streams())
