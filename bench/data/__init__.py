"""Generators of data sets: real data from Debian packages, and one synthetic set."""
