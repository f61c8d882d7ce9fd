"""Reading files into arrays: the samples of a snapshot, preprocessed on one working grid.

Start at `samples`. Public: `samples`, `preprocessing`, `resampling`, `input_files`.
"""
