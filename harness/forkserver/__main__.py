"""Start a fork server: ``python -P .../harness/forkserver/__main__.py [MODULE...] CONTROL_FD``."""

import gc
import sys
from pathlib import Path

if __name__ == "__main__":  # student code that spawns processes imports this file again
    gc.disable()  # until everything is imported
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from harness.forkserver._server import main

    main(int(sys.argv[-1]), sys.argv[1:-1])
