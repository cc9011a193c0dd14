"""The process that workers are forked from: it has imported what they need, and walls in each of them by itself.

It runs behind the outer wall of a worker, without labels, network or files of the host. `Birth` and `News` are what
the host and it say to each other.
"""

from harness.forkserver._messages import JOB, SPOOL, Birth, Ended, Here, Known, Learn, News, Order, Refused

__all__ = ["JOB", "SPOOL", "Birth", "Ended", "Here", "Known", "Learn", "News", "Order", "Refused"]
