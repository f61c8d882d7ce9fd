"""The parts of a delivery that may be imported: values, sidecar fields, tables of people, headers without text.

Start at `sidecars` (the allow-list of fields) and `nifti` (headers without text). Public: `nifti`, `sidecars`,
`values`, `people`, `last_look`, `removal`.
"""
