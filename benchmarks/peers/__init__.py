"""The libraries that `benchmarks/speed.py` compares, each with the same work to do."""
