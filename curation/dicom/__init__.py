"""DICOM deliveries become BIDS: headers are read, sorted into stacks by real geometry, named, converted and compared.

Start at `survey.survey` (what is in a delivery, and a plan for it) and `convert.importer` (write it). `codes.Code`
lists everything that can speak against a file or a series; the naming rules are data, in `datasets/dicom.toml`.
"""
