"""Processes that a test starts: writers that run together, die at a step, or judge as a rater."""
