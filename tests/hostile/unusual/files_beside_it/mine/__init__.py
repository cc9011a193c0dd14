"""A student's own package."""
