"""Fitted estimators as ONNX files, which run where there is no Python.

Needs the extra `onnx`: ``python -m pip install "scikit-deep[onnx]"``.
"""

from skdeep.onnx.conversion import to_onnx

__all__ = ["to_onnx"]
