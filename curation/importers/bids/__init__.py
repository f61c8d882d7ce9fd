"""The importer of BIDS datasets: valid files are imported, the others are listed with their reason.

Start at `importer.stage`. `items` sorts the files, `import_state` is one import under way; `masks`, `shapes`, `tables`
and `texts` each import one kind of file. `inheritance` writes the metadata of every file, with `references` that follow
it and `requirements` that it may not meet; `people` and `rows` read the tables of people and visits.
"""
