"""The window with everything behind it: pages told what is, and what people do carried out."""
