"""Headers and pixels of DICOM files, without what identifies anybody.

Start at `files` (the one owner of pydicom) and `instances` (what is known of one before any pixel is read).
"""
