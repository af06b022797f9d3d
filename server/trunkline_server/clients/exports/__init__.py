"""What a person gets to paste, open or run: nothing here edits another program's file."""
