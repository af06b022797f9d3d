"""The words of settings files, links and commands that several AI apps share."""
