"""Start a runner; only the grader does this, nobody does it by hand."""

import sys

from harness.grading._runner import main

if __name__ == "__main__":
    main(sys.argv[1].encode(), *map(int, sys.argv[2:]))
