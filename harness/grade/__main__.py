"""A runner: started by the grader, never by hand."""

import sys

from harness.grade._runner import main

if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2].encode())
