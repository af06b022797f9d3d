"""What Prometheus may know of a server; only ``processes`` does without its client library."""
