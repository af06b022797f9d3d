"""The tools an AI app may call, one file per group."""
