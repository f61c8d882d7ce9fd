"""The importer of the open MS data of Ljubljana.

Start at `importer.stage`; `change` is a patient with two studies, `itk` moves images along ITK transforms.
"""
