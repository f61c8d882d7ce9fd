"""Stacks become NIfTI images, compared with the DICOM files they came from.

Start at `importer.stage`; `conversion` runs dcm2niix, `comparison` checks what it made.
"""
