"""Write the demo: `python -m tierkit.inputs.sample data/demo`."""

import sys

from tierkit.inputs.sample import simulate_company, write_sample
from tierkit.inputs.sample.company import DEMO_SEED

write_sample(simulate_company(seed=DEMO_SEED), sys.argv[1] if len(sys.argv) > 1 else "data/demo")
