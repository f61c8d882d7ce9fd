"""Subjects that are one person."""
