"""Numbers of masks and images, computed one way for the whole house.

Start at `overlap` (Dice, majority) and `components` (the lesions of a mask). Public: `overlap`, `components`,
`surface_distances` (HD95, ASSD, NSD), `distance_map` (a whole map), `bootstrap` (intervals), `coverage` (how far
images overlap). Every function takes arrays; nothing here knows a file.
"""
