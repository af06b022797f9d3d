"""How apps' files get another content: all of them or none, whatever happens meanwhile."""
