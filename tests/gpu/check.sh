#!/usr/bin/env bash
# The tests that need a CUDA device, and the card's part of the benchmarks: a table at the end, in under five minutes.
set -uo pipefail
cd "$(dirname "$0")/../.."
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
python3 -m pytest -q -p no:cacheprovider -m gpu tests/gpu tests/training/test_device.py
status=$?
python3 -m tests.gpu.bench "$@"
exit $status
