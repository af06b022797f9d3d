"""Icons and the sample database, read with importlib.resources."""
