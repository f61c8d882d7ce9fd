"""The command line `cohortium`: the commands of the registry, and what every command shares.

Start at `main.main`. Public: `main`, `console` (the registry in use, results, messages and errors), `supervised`
(a command that ends with the process that started it), `commands`.
"""
