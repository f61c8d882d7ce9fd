"""Numbers of one volume: how they are computed, and the pass that reads every image once.

Start at `numbers` (what each measure means) and `read` (the pass over images).
"""
