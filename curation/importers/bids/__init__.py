"""The importer of BIDS datasets: what is valid comes in, what is not is listed with its reason.

Start at `importer.stage`. `items` sorts the files, `import_state` is one import under way, and a module each knows
people, tables, texts, masks and shapes.
"""
