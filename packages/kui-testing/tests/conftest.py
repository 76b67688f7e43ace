"""Let the tests import what stands beside them: testing_applications."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
