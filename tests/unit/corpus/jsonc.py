"""JSON with comments, trailing commas and a byte-order mark. The entry is ``{"command": "x"}``."""

FILES = {
    "a byte-order mark": '\ufeff{"mcpServers": {«"shop": {"command": "x"}»}}',
    "a byte-order mark and nothing else": (
        '\ufeff«{\n  "mcpServers": {\n    "shop": {\n      "command": "x"\n    }\n  }\n}\n»'
    ),
    "a trailing comma": (
        '{\n  "mcpServers": {\n    "b": {},«\n    "shop": {\n      "command": "x"\n    },»\n  },\n}\n'
    ),
    "a trailing comma on one line": '{"mcpServers": {"b": [1,],« "shop": {"command": "x"},»},}',
    "a trailing comma and a comment": (
        '{\n  "mcpServers": {\n    "b": {}, // mine«\n    "shop": {\n      "command": "x"\n    },»\n'
        "  },\n}\n"
    ),
    "a comment before the trailing comma": (
        '{"mcpServers": {"b": {} /* x */, /* y */« "shop": {"command": "x"},»}}'
    ),
    "a line comment before the closing brace of one line": (
        '{"mcpServers": {"b": {}«,» // y«\n"shop": {\n  "command": "x"\n}»\n}}'
    ),
    "a commented-out member below a trailing comma": (
        '{\n\t"mcpServers": {\n\t\t"b": {},«\n\t\t"shop": {\n\t\t\t"command": "x"\n\t\t},»\n'
        '\t\t// "c": {},\n\t},\n}\n'
    ),
    "Zed's settings": (
        "// Zed settings\n//\n// For information, see the documentation\n{\n"
        '  "theme": {\n    "mode": "system", // not "dark"\n  },\n'
        '  "buffer_font_size": 15.0«,\n  "mcpServers": {\n    "shop": {\n      "command": "x"\n'
        "    }\n  }»\n  /* the end, }*/\n}\n"
    ),
    "lines of Windows and a trailing comma": (
        '{\r\n    "mcpServers": {\r\n        "b": 1, // y«\r\n        "shop": {\r\n'
        '            "command": "x"\r\n        },»\r\n    }\r\n}'
    ),
    "a comma in a text before a bracket": (
        '{"a": [",]", ",}",], "mcpServers": {"b": ",}"«, "shop": {"command": "x"}»}}'
    ),
    "a comment that only a carriage return ends": (
        '{"mcpServers": {// none yet«\n  "shop": {\n    "command": "x"\n  }»\r}}'
    ),
    "lines of old Macs": (
        '{\r  "a": 1, // one\r  "mcpServers": {\r    "b": {}«,» // two«\n"shop": {\n  "command": "x"\n}»\r  }\r}\r'
    ),
}
