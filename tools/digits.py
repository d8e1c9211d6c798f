"""Rebuilds src/adjoint/data/digits.bin from scikit-learn's copy of the UCI data set.

    pip install scikit-learn && python tools/digits.py

The file is zlib's compression of 1,797 images of 64 bytes (rows of pixels, 0 to 16), then 1,797 labels.
"""

import zlib
from pathlib import Path

from sklearn.datasets import load_digits

digits = load_digits()
raw = digits.data.astype("uint8").tobytes() + digits.target.astype("uint8").tobytes()
path = Path(__file__).parent.parent / "src" / "adjoint" / "data" / "digits.bin"
path.write_bytes(zlib.compress(raw, 9))
print(f"{path}: {len(raw):,} bytes in {path.stat().st_size:,}")
