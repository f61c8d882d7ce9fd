"""Imports: look at a delivery, stage it, check it, publish it and keep its report.

Start at `delivery` (bring one in) and `look` (what would come in). Public: `delivery`, `look`, `arrivals`,
`same_persons`, `validity`, `reports`, `listing`, `reasons`, `work` (imports and looks that outlive the app).
"""
