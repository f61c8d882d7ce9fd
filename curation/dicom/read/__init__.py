"""Headers and pixels of DICOM files, without what identifies anybody.

Start at `files` (the one owner of pydicom) and `instances` (the header of one file as plain values).
"""
