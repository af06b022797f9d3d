"""One file per format: document in, document out; opens nothing."""
