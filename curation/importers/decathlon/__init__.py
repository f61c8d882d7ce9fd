"""The importer of the layouts of the Medical Segmentation Decathlon and of nnU-Net.

Start at `importer.stage`; `listing` reads what `dataset.json` says.
"""
