"""Imports: a delivery is looked at, staged, checked, published and reported.

Start at `delivery` (bring one in) and `look` (what would come in). Public: `delivery`, `look`, `arrivals`,
`same_persons`, `reports`, `listing`, `reasons`, `work` (imports and looks that outlive the app).
"""
