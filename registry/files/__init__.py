"""Files of any kind on this machine: canonical bytes, whole writes, settings, NIfTI volumes, locks, work on all cores.

Start at `canonical` (how JSON and TSV are written) and `volumes` (the one owner of nibabel). Public: `canonical`,
`atomic`, `settings` (TOML), `volumes`, `nifti_header`, `locks`, `parallel`. Nothing here knows BIDS or a registry.
"""
