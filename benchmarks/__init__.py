"""adami beside its peers, in one run: ``python -m benchmarks``."""

import os

# before NumPy is imported: one thread for every library that has threads of its own
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
