"""Long work that goes on when the page that asked for it is closed.

Start at `jobs`. Public: `jobs`.
"""
