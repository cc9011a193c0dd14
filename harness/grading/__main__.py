"""Start a runner. Only the grader does this; it is not meant to be started by hand."""

import gc
import sys

gc.disable()  # nothing can be collected while modules are imported
from harness.grading._runner import main  # noqa: E402 - after that

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main(sys.argv[1].encode(), *map(int, sys.argv[2:]))
