"""What ``trunkline VERB`` does, one function per verb. Never imports Qt."""
