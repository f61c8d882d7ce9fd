"""Imports that outlive the app: each is a row and a process of its own.

Start at `queue`. Public: `queue`, `rows`, `recovery`, `handover`, `worker`.
"""
