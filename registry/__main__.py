"""`python -m registry` is the command line `cohortium`."""

from registry.cli import main

main.main()
