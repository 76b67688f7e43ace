"""Let the tests import what stands beside them: kui_http."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
