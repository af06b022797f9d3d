"""MCP: what an AI app may call and how it reaches us."""
