"""The untrusted process, in which a loop handles plain-data requests and student code runs."""
