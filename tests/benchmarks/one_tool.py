"""The yardstick: the smallest FastMCP server there can be, over stdio."""

import os

os.environ["FASTMCP_CHECK_FOR_UPDATES"] = "off"

from fastmcp import FastMCP

app = FastMCP("one-tool")


@app.tool(output_schema=None)
def answer() -> str:
    """Return the answer."""
    return "42"


if __name__ == "__main__":
    app.run("stdio", show_banner=False)
