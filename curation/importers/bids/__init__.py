"""The importer of BIDS datasets: valid files are imported, the others are listed with their reason.

Start at `importer.stage`. `items` sorts the files, `import_state` is one import under way; `people`, `tables`, `texts`,
`masks` and `shapes` each import one kind of file.
"""
