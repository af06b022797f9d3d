"""Strict JSON. The entry ``shop`` of ``mcpServers`` is ``{"command": "x"}``."""

FILES = {
    "no byte at all": '«{\n  "mcpServers": {\n    "shop": {\n      "command": "x"\n    }\n  }\n}\n»',
    "blanks only": (
        '« \r\n\t|{\r\n  "mcpServers": {\r\n    "shop": {\r\n'
        '      "command": "x"\r\n    }\r\n  }\r\n}\r\n»'
    ),
    "empty object": ('{«\n  "mcpServers": {\n    "shop": {\n      "command": "x"\n    }\n  }\n»}'),
    "empty object with a blank in it": (
        '{« |\n  "mcpServers": {\n    "shop": {\n      "command": "x"\n    }\n  }\n»}\n'
    ),
    "empty table in a file on one line": '{"mcpServers":{«"shop": {"command": "x"}»}}',
    "minified": '{"a":1,"mcpServers":{"b":{}«,"shop": {"command": "x"}»}}',
    "on one line with blanks": '{ "a": 1, "mcpServers": { "b": {}«, "shop": {"command": "x"}» } }\n',
    "no final newline": (
        '{\n  "a": 1«,\n  "mcpServers": {\n    "shop": {\n      "command": "x"\n    }\n  }»\n}'
    ),
    "tabs": (
        '{\n\t"mcpServers": {\n\t\t"b": {}«,\n\t\t"shop": {\n\t\t\t"command": "x"\n\t\t}»\n\t}\n}\n'
    ),
    "one blank of indentation": (
        '{\n "mcpServers": {\n  "b": {}«,\n  "shop": {\n   "command": "x"\n  }»\n }\n}\n'
    ),
    "no indentation": ('{\n"mcpServers": {\n"b": {}«,\n"shop": {\n  "command": "x"\n}»\n}\n}\n'),
    "lines of Windows": (
        '{\r\n  "mcpServers": {\r\n    "b": {}«,\r\n    "shop": {\r\n      "command": "x"\r\n    }»'
        "\r\n  }\r\n}\r\n"
    ),
    "both kinds of lines": (
        '{\n  "a": 1,\r\n  "mcpServers": {«\r\n    "shop": {\r\n      "command": "x"\r\n    }\r\n  »}\n}'
    ),
    "comma first": (
        '{ "mcpServers":\n  { "a": {}\n  , "b": {}«, "shop": {"command": "x"}»\n  }\n}\n'
    ),
    "the table stands twice and the last counts": (
        '{"mcpServers": {"shop": 1}, "mcpServers": {"b": 2«, "shop": {"command": "x"}»}}'
    ),
    "the table twice, the first a list": (
        '{"mcpServers": [], "mcpServers": {«"shop": {"command": "x"}»}, "z": 0}'
    ),
    "a key written with escapes": (
        '{"mcp\\u0053ervers": {"\\u0061": {}«, "shop": {"command": "x"}»}, "\\ud800": "\\/"}'
    ),
    "odd numbers": (
        '{"n": [1E+2, 1.0, -0, 0.10, 1e400, 12345678901234567890123]«, '
        '"mcpServers": {"shop": {"command": "x"}}»}'
    ),
    "a number of five thousand digits": (
        '{"n": ' + "7" * 5000 + ', "mcpServers": {«"shop": {"command": "x"}»}}'
    ),
    "brackets and commas in texts": (
        '{"a": "},{//", "mcpServers": {"b": "\\"}}\\\\"«, "shop": {"command": "x"}»}, "c": "/*"}'
    ),
    "emoji before and in the table": (
        '{"😀": "é𝄞", "mcpServers": {"🦊": {}«, "shop": {"command": "x"}»}, "z": "🎈"}'
    ),
    "deep": ('{"a": ' + "[" * 400 + "]" * 400 + '«, "mcpServers": {"shop": {"command": "x"}}»}'),
    "a table of the same name further down": (
        '{"projects": {"mcpServers": {"shop": 1}}«, "mcpServers": {"shop": {"command": "x"}}»}'
    ),
    "blank lines around": (
        '\n\n{\n\n  "mcpServers": {\n\n    "b": {}«,\n    "shop": {\n      "command": "x"\n    }»'
        "\n\n  }\n\n}\n\n\n"
    ),
}
