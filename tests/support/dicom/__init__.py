"""Generated DICOM series, and what the tests of the survey and the import share. Start at `twins`."""
