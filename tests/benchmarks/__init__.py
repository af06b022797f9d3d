"""What Trunkline costs, measured: `make bench`. Nothing here can fail a test."""
