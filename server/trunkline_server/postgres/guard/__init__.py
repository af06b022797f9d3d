"""May a statement run? Its text, what it names, what hides behind that, and who may see it."""
