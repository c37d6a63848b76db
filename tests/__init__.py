"""The tests, as a package: that of another project, installed, must not come first."""
