"""The untrusted process: a loop over plain-data requests, in the same process as student code."""
