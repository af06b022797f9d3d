"""Why a connection works or does not, stage by stage."""
