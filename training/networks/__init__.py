"""Networks by name. Start at `registry`; a new network is one file beside `monai` that calls `registry.register`.

Public: `registry`, `monai`, `window` (the probabilities of one image, whole or by windows).
"""

from training.networks import monai as monai
from training.networks import registry as registry
