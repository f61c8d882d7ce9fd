"""Groups of commands that belong to the registry itself.

Start at `queries`, `subjects` and `serve`, which `registry.cli.main` adds. Each command imports what it needs when it
runs.
"""
