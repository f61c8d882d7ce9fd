"""What may come in: values, sidecar fields, tables of people and NIfTI headers without what names a person.

Start at `sidecars` (the allow-list of fields) and `nifti` (headers without text). Public: `nifti`, `sidecars`,
`values`, `people`, `last_look`.
"""
