"""Binary codes: packing them into words, and searching by Hamming distance."""

from skdeep.encoding.bits import pack_bits, unpack_bits
from skdeep.hashing.distances import hamming_distances
from skdeep.hashing.hamming_neighbors import HammingNeighbors

__all__ = ["HammingNeighbors", "hamming_distances", "pack_bits", "unpack_bits"]
