"""Numbers of masks and images, computed one way for the whole house.

Start at `overlap` (Dice, majority), `components` (lesions of a mask), `surface_distances` (HD95, ASSD, NSD),
`distance_map` (a whole map) and `bootstrap` (intervals). They know arrays, not files, and need numpy, scipy, cc3d, edt.
"""
