"""What a network is trained for: its loss.

Start at `losses`. Public: `losses`.
"""
