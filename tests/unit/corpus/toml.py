"""TOML. The entry ``shop`` of ``mcp_servers`` is ``{"command": "x"}``."""

FILES = {
    "no byte at all": '«[mcp_servers.shop]\ncommand = "x"\n»',
    "blanks only": '«\n\n|[mcp_servers.shop]\ncommand = "x"\n»',
    "no table": 'model = "o3"«\n\n[mcp_servers.shop]\ncommand = "x"»\n',
    "no final newline": 'model = "o3"«\n\n[mcp_servers.shop]\ncommand = "x"»',
    "comments only": '# mine«\n\n[mcp_servers.shop]\ncommand = "x"»\n\n\n',
    "a byte-order mark": '\ufeffa = 1«\n\n[mcp_servers.shop]\ncommand = "x"»\n',
    "lines of Windows": (
        '[mcp_servers.a]\r\nx = 1«\r\n\r\n[mcp_servers.shop]\r\ncommand = "x"»\r\n\r\n[tui]\r\n'
    ),
    "the table in the middle": (
        '[mcp_servers.a]\nx = 1 # y«\n\n[mcp_servers.shop]\ncommand = "x"»\n\n# colours\n[tui]\nz = 1\n'
    ),
    "a sub-table last": (
        "[mcp_servers.a]\nx = 1\n[mcp_servers.a.env]\nB = '1'«\n\n[mcp_servers.shop]\n"
        'command = "x"»\n[tui]\n'
    ),
    "the table itself last": (
        '[mcp_servers.a]\n[mcp_servers]«\n\n[mcp_servers.shop]\ncommand = "x"»\n'
    ),
    "tables out of order": (
        '[mcp_servers.b.env]\n[tui]\n[mcp_servers]\nq = {}«\n\n[mcp_servers.shop]\ncommand = "x"»\n[z]\n'
    ),
    "an empty table between braces": 'mcp_servers = {« shop = { command = "x" } »}\n',
    "a table between braces": (
        'mcp_servers = { a = { x = "}" }«, shop = { command = "x" }» } # y\nz = 1\n'
    ),
    "dotted keys": 'mcp_servers.a.x = 1\nb = 2«\n\n[mcp_servers.shop]\ncommand = "x"»\n',
    "quoted keys": (
        '["mcp_servers"."a.b"]\nx = 1«\n\n[mcp_servers.shop]\ncommand = "x"»\n[ "tui" . \'ü\' ]\n'
    ),
    "a key written with escapes": (
        '["mcp\\u005Fservers"."\\U0001F600"]«\n\n[mcp_servers.shop]\ncommand = "x"»\n[z]\n'
    ),
    "headers in texts": (
        "a = \"\"\"\n[mcp_servers.shop]\n\"\"\"\nb = '''\n[mcp_servers.q]'''«\n\n[mcp_servers.shop]\n"
        'command = "x"»\n'
    ),
    "headers in lists": (
        'a = [\n  ["mcp_servers"],\n["x"], # ]\n]«\n\n[mcp_servers.shop]\ncommand = "x"»\n'
    ),
    "quotation marks before the end of a text": (
        '[mcp_servers.a]\nx = """a"""""\ny = \'\'\'b\'\'\'\'\'«\n\n[mcp_servers.shop]\ncommand = "x"»\n[z]\n'
    ),
    "a list of tables last": '[[hooks]]\na = 1\n[[hooks]]«\n\n[mcp_servers.shop]\ncommand = "x"»\n',
    "odd numbers and dates": (
        "n = [0xFF, 0o17, 0b1, 1_000, 1e+2, inf, -nan]\nd = 1979-05-27 07:32:00Z # now«\n\n"
        '[mcp_servers.shop]\ncommand = "x"»\n'
    ),
    "blanks at the ends of lines": '[mcp_servers.a]  \nx = 1«\n\n[mcp_servers.shop]\ncommand = "x"»  \n\n[z]\n',
    "indented tables": (
        '  [mcp_servers.a]\n    x = 1«\n\n[mcp_servers.shop]\ncommand = "x"»\n  [z]\n    y = 1\n'
    ),
    "a table of the same name further down": (
        '[x.mcp_servers.shop]\na = 1«\n\n[mcp_servers.shop]\ncommand = "x"»\n'
    ),
}
