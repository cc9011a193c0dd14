"""The yardstick: a submission that ships with the harness, which latencies are compared with."""
