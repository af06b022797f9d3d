"""Which characters of a settings file are secrets, of ours and of others. Opens nothing."""
