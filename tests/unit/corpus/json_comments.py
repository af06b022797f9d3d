"""JSON with comments and no trailing commas. The entry is ``{"command": "x"}``."""

FILES = {
    "a comment after the last member": (
        '{\n  "mcpServers": {\n    "b": {}«,» // mine«\n    "shop": {\n      "command": "x"\n    }»'
        "\n  }\n}\n"
    ),
    "two comments after the last member": (
        '{"mcpServers": {"b": {}«,» /* one */ /* two */« "shop": {"command": "x"}» }}'
    ),
    "a comment below the last member": (
        '{\n  "mcpServers": {\n    "b": {}«,\n    "shop": {\n      "command": "x"\n    }»\n'
        '    // "c": {},\n  }\n}\n'
    ),
    "only a comment in the table": (
        '{\n  "mcpServers": {\n    // none yet«\n    "shop": {\n      "command": "x"\n    }»\n  }\n}\n'
    ),
    "only a comment in the table on one line": (
        '{"mcpServers": { /* none */« "shop": {"command": "x"}» }}'
    ),
    "only a comment in the file": (
        '// settings\n«{\n  "mcpServers": {\n    "shop": {\n      "command": "x"\n    }\n  }\n}\n»'
    ),
    "comments before and after the object": (
        '/* top */ {"mcpServers": {«"shop": {"command": "x"}»}} /* end */'
    ),
    "a comment that looks like the table": (
        '{\n  // "mcpServers": {"shop": 1},\n  "a": 1«,\n  "mcpServers": {\n    "shop": {\n'
        '      "command": "x"\n    }\n  }»\n}\n'
    ),
    "an address is no comment": (
        '{"a": "https://x/*y*/", "mcpServers": {"b": "//"«, "shop": {"command": "x"}»}}'
    ),
    "comments between key, colon and value": (
        '{"mcpServers" /* a */ : /* b */ {"b" // c\n : /* d */ {}«, "shop": {"command": "x"}»}}'
    ),
    "a comment with a quotation mark": (
        '{"a": 1, // don"t\n "mcpServers": {"b": 1«, "shop": {"command": "x"}»}}'
    ),
}
