"""The yardstick, a submission that is part of the harness and that latencies are compared with."""
