"""What files tell about persons: the forms of dates, names and identifiers, and a scan of a whole tree (law 12).

Start at `scanning.scan`; `texts` judges one text, `headers` one image.
"""
