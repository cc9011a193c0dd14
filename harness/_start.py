"""What is done before anything else of the package is imported.

``python -m harness`` puts the current folder first on the import path, and a student's ``numpy.py`` may lie there.
Until that entry is gone nothing may be imported that is not loaded already, not even ``__future__``.
"""

import sys

if (
    sys.argv[:1] == ["-m"]  # Python still looks for the module that it is to run
    and not sys.flags.safe_path
    and any(argument.removeprefix("-m").partition(".")[0] == "harness" for argument in sys.orig_argv)
):
    del sys.path[0]
