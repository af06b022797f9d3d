"""One file per AI app: where its settings are and which shape they take."""
