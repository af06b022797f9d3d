"""Awkward settings files of every format, with what they look like once an entry is in them.

What stands between « and » is what the insertion adds; «old|new» is what gives way and what takes
its place. So one text shows the file before and after, byte by byte.
"""
