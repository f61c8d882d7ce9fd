"""De-identification: what people saw in images that no program decides, and the commands.

Start at `verdicts.record`; what programs can read is `registry.privacy`.
"""
