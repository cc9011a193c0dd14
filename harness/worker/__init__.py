"""The untrusted process: a loop over plain-data requests, beside student code."""
