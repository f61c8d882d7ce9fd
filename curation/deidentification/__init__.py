"""De-identification: the commands for what people saw in images and no program decides.

Start at `registry.privacy.clearance`; what programs can read is `registry.privacy`.
"""
